-- Claims an id that is to be inserted, until the end of this database transaction. False where another has it: never waits.
-- Two ids with one hash only make one of them start again.
CREATE OR REPLACE FUNCTION holdfast.claim_transaction(id uuid) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN pg_try_advisory_xact_lock(uuid_hash_extended(id, 7205001));
