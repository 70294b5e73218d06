-- Each transaction with its items and branches, as the JSON that src/ledger/documents.ts reads, all from one snapshot. A view, not a
-- function: the planner makes it a part of the statement, where a function would be begun anew for every row.
CREATE OR REPLACE VIEW holdfast.transaction_document (id, document) AS
SELECT t.id, json_build_object(
  'id', t.id,
  'state', t.state,
  'reason', t.reason,
  'note', t.note,
  'needsAttention', t.needs_attention,
  'contentHash', encode(t.content_hash, 'hex'),
  'reference', t.reference,
  'metadata', t.metadata::text,
  'shortages', t.shortages,
  'createdAt', holdfast.epoch_ms(t.created_at),
  'expiresAt', holdfast.epoch_ms(t.expires_at),
  'decidedAt', holdfast.epoch_ms(t.decided_at),
  'updatedAt', holdfast.epoch_ms(t.updated_at),
  'retiredAt', holdfast.epoch_ms(t.retired_at),
  'items', coalesce(
    (
      SELECT json_agg(json_build_array(r.sku, r.warehouse, r.quantity, r.state, r.deducted, r.refunded) ORDER BY r.sku, r.warehouse)
      FROM holdfast.reservation r
      WHERE r.transaction_id = t.id
    ),
    '[]'
  ),
  'branches', CASE WHEN t.branch_count > 0 THEN (
    SELECT json_agg(json_build_array(
      b.id, b.participant, b.state, b.phase, holdfast.epoch_ms(b.next_attempt_at), b.lease_holder IS NOT NULL, b.attempts, b.failures,
      b.attempts_in_all, b.last_error, b.needs_attention, b.resolved, b.fence, b.traceparent
    ) ORDER BY b.position)
    FROM holdfast.branch b
    WHERE b.transaction_id = t.id
  ) END
)
FROM holdfast.transaction t
