-- What a coordinator holds, by the ledger: after a commit whose answer was lost, it finds here what it does not know of.
--   $1 the coordinator's id
-- From the few open transactions to their branches, one look-up each: OFFSET 0 keeps the planner from joining the other way round,
-- which it would where it has no statistics yet.
SELECT json_build_array(held.transaction_id, held.id, held.participant, held.phase, held.fence)::text
FROM holdfast.transaction t
CROSS JOIN LATERAL (
  SELECT b.transaction_id, b.id, b.participant, b.phase, b.fence
  FROM holdfast.branch b
  WHERE b.transaction_id = t.id AND b.lease_holder = $1
  OFFSET 0
) held
WHERE t.state IN ('TRYING', 'CONFIRMING', 'CANCELLING') AND t.branch_count > 0
