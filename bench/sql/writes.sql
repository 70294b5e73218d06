-- What this server has written so far: bytes of its write-ahead log, and transaction ids. Every change of a row, every row lock
-- and every undone attempt at one takes an id; every change leaves a record in the log. Both are exact at once, which the
-- statistics views are not: an idle session reports its counts up to ten seconds late.
SELECT (pg_current_wal_insert_lsn() - '0/0')::float8 AS "walBytes", pg_snapshot_xmax(pg_current_snapshot())::text::float8 AS "transactionIds";
