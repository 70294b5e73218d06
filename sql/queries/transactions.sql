-- A page of transactions that are not retired, newest first. Null switches a filter off. Planned anew for each call, so that the plan knows which
-- filters are on: each has an index that serves it.
--   $1 state  $2 reference  $3 needs_attention  $4 created at or after (ms)  $5 created before (ms)
--   $6, $7 the last row of the page before: created_at (ms) and id  $8 how many
SELECT d.document::text AS document
FROM holdfast.transaction t
JOIN holdfast.transaction_document d ON d.id = t.id
WHERE t.retired_at IS NULL
  AND ($1::holdfast.transaction_state IS NULL OR t.state = $1)
  AND ($2::text IS NULL OR t.reference = $2)
  AND ($3::boolean IS NULL OR t.needs_attention = $3)
  AND ($4::bigint IS NULL OR t.created_at >= holdfast.from_epoch_ms($4))
  AND ($5::bigint IS NULL OR t.created_at < holdfast.from_epoch_ms($5))
  AND ($6::bigint IS NULL OR (t.created_at, t.id) < (holdfast.from_epoch_ms($6), $7::uuid))
ORDER BY t.created_at DESC, t.id DESC
LIMIT $8
