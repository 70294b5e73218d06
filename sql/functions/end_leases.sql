-- Ends the leases of coordinators that have not renewed theirs in time, and the caller's own where it stops in order: what they
-- held waits to be asked from now on, under a new fence (I11).
--   leaving  the caller's id where it stops; null otherwise
-- Returns how many branches became anybody's.
--
-- The rows of the coordinators go first: a batch of theirs that is under way holds them shared, so it is waited for and its
-- branches are found; one that comes later finds no lease (save_changes). Branches are locked in the order that
-- save_changes keeps, so that nobody deadlocks.
CREATE OR REPLACE FUNCTION holdfast.end_leases(leaving uuid) RETURNS bigint LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 0.01
AS $$
DECLARE
  ended uuid[];
  transaction_ids uuid[];
  branch_ids uuid[];
  freed bigint;
BEGIN
  WITH gone AS (
    DELETE FROM holdfast.coordinator c
    WHERE c.id IN (
      SELECT d.id FROM holdfast.coordinator d WHERE d.lease_until <= clock_timestamp() OR d.id = leaving ORDER BY d.id FOR UPDATE
    )
    RETURNING c.id
  )
  SELECT array_agg(g.id) INTO ended FROM gone g;
  IF ended IS NULL THEN
    RETURN 0;
  END IF;
  -- From the transactions that may have a branch under way (held_branches says which) to their branches, one look-up each, whatever the
  -- planner knows of the tables.
  SELECT array_agg(held.transaction_id), array_agg(held.id) INTO transaction_ids, branch_ids
  FROM (
    SELECT t.id FROM holdfast.transaction t WHERE t.is_asking AND t.state IN ('TRYING', 'CONFIRMING', 'CANCELLING')
    UNION
    SELECT b.transaction_id FROM holdfast.branch b WHERE b.claimed_by = ANY (ended)
    ORDER BY id
  ) asking
  CROSS JOIN LATERAL (
    SELECT b.transaction_id, b.id FROM holdfast.branch b
    WHERE b.transaction_id = asking.id AND b.lease_holder = ANY (ended)
    ORDER BY b.id
    FOR UPDATE
  ) held;
  UPDATE holdfast.branch b
  SET lease_holder = NULL, claimed_by = NULL, next_attempt_at = clock_timestamp(), fence = b.fence + 1
  FROM unnest(transaction_ids, branch_ids) held (transaction_id, id)
  WHERE b.transaction_id = held.transaction_id AND b.id = held.id;
  GET DIAGNOSTICS freed = ROW_COUNT;
  RETURN freed;
END
$$;
