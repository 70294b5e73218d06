-- What every connection of the coordinator sets for itself, whatever the server's defaults are.
-- I6: a commit returns once it is on disk. An open transaction of ours that hangs (a stopped process, a lost network) gives
-- its locks back within seconds, so that no paused coordinator can hold up another (I11). How long a statement may take, and
-- wait for a lock, follows the settings (src/ledger/pool.ts).
SET synchronous_commit = on;
SET TimeZone = 'UTC';
SET idle_in_transaction_session_timeout = '5s';
SET jit = off;
SET client_min_messages = warning
