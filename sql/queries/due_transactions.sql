-- Whose deadline has come, oldest first. It takes no locks: each becomes an expire command, and a command that comes too
-- late or twice is harmless.
-- (statement_timestamp, because it can bound the index scan; the volatile clock_timestamp would be asked row by row.)
--   $1 how many  $2, $3 the last one read before: its deadline (ms) and id. A sweep reads on from there: one that began at
--   the left end each time would walk past the dead entries of all it has settled, again and again
SELECT t.id, holdfast.epoch_ms(t.expires_at), t.origin
FROM holdfast.transaction t
WHERE t.state IN ('TRYING', 'TRIED') AND t.expires_at <= statement_timestamp()
  AND (t.expires_at, t.id) > (holdfast.from_epoch_ms($2::bigint), $3::uuid)
ORDER BY t.expires_at, t.id
LIMIT $1
