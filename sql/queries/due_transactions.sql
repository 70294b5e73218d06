-- Whose deadline has come, oldest first. It takes no locks: each becomes an expire command, and a command that comes too
-- late or twice is harmless.
--   $1 how many  $2 the deadline (ms) to start from: what was just settled leaves dead entries in the index, and a sweep
--   that began at its left end each time would walk past all of them again
SELECT t.id, holdfast.epoch_ms(t.expires_at)
FROM holdfast.transaction t
WHERE t.state IN ('TRYING', 'TRIED') AND t.expires_at <= clock_timestamp() AND t.expires_at >= holdfast.from_epoch_ms($2::bigint)
ORDER BY t.expires_at
LIMIT $1
