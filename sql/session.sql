-- What every connection of the coordinator sets for itself, whatever the server's defaults are.
-- I6: a commit returns once it is on disk. A statement or an open transaction of ours that hangs (a stopped process, a lost
-- network) gives its locks back within seconds, so that no paused coordinator can hold up another (I11).
SET synchronous_commit = on;
SET TimeZone = 'UTC';
SET statement_timeout = '30s';
SET lock_timeout = '10s';
SET idle_in_transaction_session_timeout = '5s';
SET jit = off;
SET client_min_messages = warning
