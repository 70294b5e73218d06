-- A page of the transactions that name a SKU, newest first, as transactions.sql.
--   $1 state  $2 reference  $3 needs_attention  $4 created at or after (ms)  $5 created before (ms)
--   $6, $7 the last row of the page before: created_at (ms) and id  $8 how many  $9 sku
SELECT d.document::text AS document
FROM holdfast.reservation r
JOIN holdfast.transaction t ON t.id = r.transaction_id
JOIN holdfast.transaction_document d ON d.id = t.id
WHERE r.sku = $9
  -- One that names the SKU in several warehouses is listed once: by the first of them, so that the scan can stream.
  AND r.warehouse = (
    SELECT min(other.warehouse) FROM holdfast.reservation other WHERE other.transaction_id = r.transaction_id AND other.sku = r.sku
  )
  AND ($1::holdfast.transaction_state IS NULL OR t.state = $1)
  AND ($2::text IS NULL OR t.reference = $2)
  AND ($3::boolean IS NULL OR t.needs_attention = $3)
  AND ($4::bigint IS NULL OR r.created_at >= holdfast.from_epoch_ms($4))
  AND ($5::bigint IS NULL OR r.created_at < holdfast.from_epoch_ms($5))
  AND ($6::bigint IS NULL OR (r.created_at, r.transaction_id) < (holdfast.from_epoch_ms($6), $7::uuid))
ORDER BY r.created_at DESC, r.transaction_id DESC
LIMIT $8
