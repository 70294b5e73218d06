-- Whether this session may do what one instance at a time does. It keeps the right until it ends. $1 the key of the lock
SELECT pg_try_advisory_lock($1)
