-- Prolongs a lease that has not ended; no row where it has: then everything that was held under it is anybody's.
--   $1 the coordinator's id  $2 for how long, in ms
UPDATE holdfast.coordinator
SET lease_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
WHERE id = $1 AND lease_until > clock_timestamp()
RETURNING id
