-- A page of the transactions with a reference, newest first. Null switches a filter off.
--   $1 state  $2 reference  $3 needs_attention  $4 created after (ms)  $5 created before (ms)
--   $6, $7 the last row of the page before: created_at (ms) and id  $8 how many
SELECT holdfast.transaction_document(t)::text AS document
FROM holdfast.transaction t
WHERE t.reference = $2::text
  AND ($1::holdfast.transaction_state IS NULL OR t.state = $1)
  AND ($3::boolean IS NULL OR t.needs_attention = $3)
  AND ($4::bigint IS NULL OR t.created_at >= holdfast.from_epoch_ms($4))
  AND ($5::bigint IS NULL OR t.created_at < holdfast.from_epoch_ms($5))
  AND (t.created_at, t.id) < (coalesce(holdfast.from_epoch_ms($6::bigint), 'infinity'), coalesce($7::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
ORDER BY t.created_at DESC, t.id DESC
LIMIT $8
