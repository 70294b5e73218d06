-- Whether an open transaction has a branch of this participant that is not settled. Four looks, by small indexes all: such a branch
-- waits, or is under way (held_branches says how those are found), or its transaction is not decided yet.
-- From the few open transactions to their branches: OFFSET 0 keeps the planner from joining the other way round.
CREATE OR REPLACE FUNCTION holdfast.participant_is_in_use(named text) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
  SELECT 1 FROM holdfast.branch b WHERE b.participant = named AND b.next_attempt_at IS NOT NULL
) OR EXISTS (
  SELECT 1 FROM holdfast.branch b WHERE b.claimed_by IS NOT NULL AND b.participant = named
) OR EXISTS (
  SELECT 1 FROM holdfast.transaction t
  CROSS JOIN LATERAL (
    SELECT 1 FROM holdfast.branch b
    WHERE b.transaction_id = t.id AND b.participant = named AND b.state NOT IN ('CONFIRMED', 'CANCELLED')
    OFFSET 0
  ) named_in
  WHERE t.is_asking AND t.state IN ('TRYING', 'CONFIRMING', 'CANCELLING')
) OR EXISTS (
  SELECT 1 FROM holdfast.transaction t
  CROSS JOIN LATERAL (
    SELECT 1 FROM holdfast.branch b
    WHERE b.transaction_id = t.id AND b.participant = named AND b.state NOT IN ('CONFIRMED', 'CANCELLED')
    OFFSET 0
  ) named_in
  WHERE t.state IN ('TRYING', 'TRIED') AND t.branch_count > 0
);
