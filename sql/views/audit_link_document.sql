-- Each link of the audit's chain as the JSON that src/ledger/acts.ts reads.
CREATE OR REPLACE VIEW holdfast.audit_link_document (number, document) AS
SELECT l.number, json_build_object(
  'number', l.number,
  'entryIds', l.entry_ids::text[],
  'previous', encode(l.previous, 'hex'),
  'hash', encode(l.hash, 'hex'),
  'at', holdfast.epoch_ms(l.at)
)
FROM holdfast.audit_link l
