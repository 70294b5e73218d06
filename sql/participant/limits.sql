-- Bounds for the present transaction only: no call waits longer for a lock, and a process that was stopped in the middle
-- holds its locks no longer. $1 the longest wait for a lock  $2 the longest idling inside the transaction, both as text, ms
SELECT set_config('lock_timeout', $1, true), set_config('idle_in_transaction_session_timeout', $2, true)
