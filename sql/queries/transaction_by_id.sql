-- One transaction with its items and branches, what happened to it, and the attempts at its branches. $1 id
SELECT d.document::text AS document,
  (
    SELECT json_agg(json_build_array(holdfast.epoch_ms(e.at), e.event, e.from_state, e.to_state, e.detail) ORDER BY e.sequence)
    FROM holdfast.event e WHERE e.transaction_id = t.id
  )::text AS events,
  CASE WHEN t.branch_count > 0 THEN (
    SELECT json_agg(json_build_object(
      'transactionId', a.transaction_id, 'branchId', a.branch_id, 'sequence', a.sequence, 'at', holdfast.epoch_ms(a.at), 'phase', a.phase,
      'attempt', a.attempt, 'outcome', a.outcome, 'status', a.status, 'error', a.error, 'durationMs', a.duration_ms,
      'from', a.from_state, 'to', a.to_state
    ) ORDER BY a.at, a.branch_id, a.sequence)
    FROM holdfast.attempt a WHERE a.transaction_id = t.id
  ) END::text AS attempts
FROM holdfast.transaction t
JOIN holdfast.transaction_document d ON d.id = t.id
WHERE t.id = $1
