-- Two sessions that create the same table at once collide in the catalogue, IF NOT EXISTS or not; so they take turns.
-- $1 the lock's key
SELECT pg_advisory_xact_lock($1::bigint)
