-- Begins the transaction that a handler shares with the barrier. Both are said aloud, because the database or the role may
-- have other defaults: under REPEATABLE READ, who waited for a rival would not see what the rival wrote.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE
