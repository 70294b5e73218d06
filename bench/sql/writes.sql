-- What this server has written so far: rows of the coordinator's tables, and bytes of its write-ahead log.
SELECT (pg_current_wal_lsn() - '0/0')::float8 AS "walBytes",
  coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::float8 AS "rows"
FROM pg_stat_user_tables
WHERE schemaname = 'holdfast';
