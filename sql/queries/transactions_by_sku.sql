-- A page of the transactions that name a SKU, newest first. Null switches a filter off.
--   $1 state  $2 reference  $3 needs_attention  $4 created after (ms)  $5 created before (ms)
--   $6, $7 the last row of the page before: created_at (ms) and id  $8 how many  $9 sku
SELECT holdfast.transaction_document(t)::text AS document
FROM (
  SELECT DISTINCT r.created_at, r.transaction_id
  FROM holdfast.reservation r
  WHERE r.sku = $9
    AND (r.created_at, r.transaction_id) < (coalesce(holdfast.from_epoch_ms($6::bigint), 'infinity'), coalesce($7::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
) named
JOIN holdfast.transaction t ON t.id = named.transaction_id
WHERE ($1::holdfast.transaction_state IS NULL OR t.state = $1)
  AND ($2::text IS NULL OR t.reference = $2)
  AND ($3::boolean IS NULL OR t.needs_attention = $3)
  AND ($4::bigint IS NULL OR t.created_at >= holdfast.from_epoch_ms($4))
  AND ($5::bigint IS NULL OR t.created_at < holdfast.from_epoch_ms($5))
ORDER BY named.created_at DESC, named.transaction_id DESC
LIMIT $8
