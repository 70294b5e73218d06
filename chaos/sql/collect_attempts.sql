-- Every attempt that is kept, as a record of table `attempt`.
DECLARE rows NO SCROLL CURSOR FOR
SELECT json_build_object(
  'table', 'attempt', 'transactionId', transaction_id, 'branchId', branch_id, 'sequence', sequence,
  'atMs', date_part('epoch', at) * 1000, 'phase', phase, 'attempt', attempt, 'outcome', outcome, 'status', status,
  'durationMs', duration_ms, 'from', from_state,
  'to', to_state
) AS record
FROM holdfast.attempt
ORDER BY transaction_id, branch_id, sequence;
