-- Whether an open transaction has a branch of this participant that is not settled. Two looks, because each of the two small
-- indexes over open transactions answers for some of their states.
-- From the few open transactions to their branches: OFFSET 0 keeps the planner from joining the other way round.
CREATE OR REPLACE FUNCTION holdfast.participant_is_in_use(named text) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (
  SELECT 1 FROM holdfast.transaction t
  CROSS JOIN LATERAL (
    SELECT 1 FROM holdfast.branch b
    WHERE b.transaction_id = t.id AND b.participant = named AND b.state NOT IN ('CONFIRMED', 'CANCELLED')
    OFFSET 0
  ) named_in
  WHERE t.state IN ('TRYING', 'CONFIRMING', 'CANCELLING') AND t.branch_count > 0
) OR EXISTS (
  SELECT 1 FROM holdfast.transaction t
  CROSS JOIN LATERAL (
    SELECT 1 FROM holdfast.branch b
    WHERE b.transaction_id = t.id AND b.participant = named AND b.state NOT IN ('CONFIRMED', 'CANCELLED')
    OFFSET 0
  ) named_in
  WHERE t.state IN ('TRYING', 'TRIED') AND t.branch_count > 0
);
