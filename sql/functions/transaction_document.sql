-- One transaction with its items, as the JSON that src/ledger/documents.ts reads. Its items come from the same snapshot.
--   stored  the row
CREATE OR REPLACE FUNCTION holdfast.transaction_document(stored holdfast.transaction) RETURNS json
LANGUAGE sql STABLE
RETURN json_build_object(
  'id', (stored).id,
  'state', (stored).state,
  'reason', (stored).reason,
  'note', (stored).note,
  'needsAttention', (stored).needs_attention,
  'contentHash', encode((stored).content_hash, 'hex'),
  'reference', (stored).reference,
  'metadata', (stored).metadata::text,
  'shortages', (stored).shortages,
  'createdAt', holdfast.epoch_ms((stored).created_at),
  'expiresAt', holdfast.epoch_ms((stored).expires_at),
  'decidedAt', holdfast.epoch_ms((stored).decided_at),
  'updatedAt', holdfast.epoch_ms((stored).updated_at),
  'items', coalesce(
    (
      SELECT json_agg(json_build_array(r.sku, r.warehouse, r.quantity, r.state, r.deducted, r.refunded) ORDER BY r.sku, r.warehouse)
      FROM holdfast.reservation r
      WHERE r.transaction_id = (stored).id
    ),
    '[]'
  )
);
