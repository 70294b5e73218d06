-- Gives up the right that try_keeping.sql gave. $1 the key of the lock
SELECT pg_advisory_unlock($1)
