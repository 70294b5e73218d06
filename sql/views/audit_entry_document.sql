-- Each entry of the audit as the JSON that src/ledger/acts.ts reads. Ids are text: they are counted beyond what JSON numbers hold.
CREATE OR REPLACE VIEW holdfast.audit_entry_document (id, document) AS
SELECT e.id, json_build_object(
  'id', e.id::text,
  'at', holdfast.epoch_ms(e.at),
  'act', e.act,
  'subject', e.subject,
  'actor', json_build_object('kind', e.actor_kind, 'id', e.actor_id, 'name', e.actor_name),
  'address', e.address,
  'note', e.note,
  'detail', e.detail
)
FROM holdfast.audit_entry e
