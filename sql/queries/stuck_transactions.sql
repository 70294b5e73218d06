-- A page of what is stuck: 0, open and in need of attention; 1, on the way for long; 2, over, but in need of attention for good. Each
-- oldest first. Every part reads along a partial index and stops when the page is full.
--   $1 for how long (ms) one that is on the way must be in its state to count as stuck
--   $2, $3, $4 the last row of the page before: its part, created_at (ms) and id (the first page: 0, 0 and the nil id)  $5 how many
SELECT d.document::text, p.part
FROM (
  (
    SELECT 0 AS part, t.created_at, t.id
    FROM holdfast.transaction t
    WHERE $2::int = 0 AND t.needs_attention AND t.state NOT IN ('CONFIRMED', 'CANCELLED')
      AND (t.created_at, t.id) > (holdfast.from_epoch_ms($3::bigint), $4::uuid)
    ORDER BY t.created_at, t.id
    LIMIT $5
  )
  UNION ALL
  (
    SELECT 1, t.created_at, t.id
    FROM holdfast.transaction t
    WHERE $2::int <= 1 AND t.state IN ('TRYING', 'CONFIRMING', 'CANCELLING') AND NOT t.needs_attention
      AND coalesce(t.decided_at, t.created_at) <= statement_timestamp() - $1::bigint * interval '1 millisecond'
      AND (t.created_at, t.id) > (
        holdfast.from_epoch_ms(CASE $2::int WHEN 1 THEN $3::bigint ELSE 0 END),
        CASE $2::int WHEN 1 THEN $4::uuid ELSE '00000000-0000-0000-0000-000000000000' END
      )
    ORDER BY t.created_at, t.id
    LIMIT $5
  )
  UNION ALL
  (
    SELECT 2, t.created_at, t.id
    FROM holdfast.transaction t
    WHERE t.needs_attention AND t.state IN ('CONFIRMED', 'CANCELLED')
      AND (t.created_at, t.id) > (
        holdfast.from_epoch_ms(CASE $2::int WHEN 2 THEN $3::bigint ELSE 0 END),
        CASE $2::int WHEN 2 THEN $4::uuid ELSE '00000000-0000-0000-0000-000000000000' END
      )
    ORDER BY t.created_at, t.id
    LIMIT $5
  )
  ORDER BY part, created_at, id
  LIMIT $5
) p
JOIN holdfast.transaction_document d ON d.id = p.id
ORDER BY p.part, p.created_at, p.id
