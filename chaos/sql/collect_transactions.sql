-- Every transaction with all that hangs on it, as a record of table `transaction`, oldest first.
DECLARE rows NO SCROLL CURSOR FOR
SELECT json_build_object(
  'table', 'transaction', 'id', t.id, 'state', t.state, 'reason', t.reason, 'branchCount', t.branch_count,
  'createdMs', date_part('epoch', t.created_at) * 1000, 'expiresMs', date_part('epoch', t.expires_at) * 1000,
  'decidedMs', date_part('epoch', t.decided_at) * 1000, 'updatedMs', date_part('epoch', t.updated_at) * 1000,
  'hasContent', t.content_hash IS NOT NULL,
  'items', coalesce(
    (
      SELECT json_agg(json_build_object(
        'sku', r.sku, 'warehouse', r.warehouse, 'quantity', r.quantity, 'state', r.state, 'deducted', r.deducted,
        'refunded', r.refunded
      ) ORDER BY r.sku, r.warehouse)
      FROM holdfast.reservation r
      WHERE r.transaction_id = t.id
    ),
    '[]'
  ),
  'branches', coalesce(
    CASE WHEN t.branch_count > 0 THEN (
      SELECT json_agg(json_build_object(
        'id', b.id, 'participant', b.participant, 'state', b.state, 'phase', b.phase, 'attempts', b.attempts,
        'attemptsInAll', b.attempts_in_all, 'resolved', b.resolved, 'attemptedMs', date_part('epoch', b.attempted_at) * 1000,
        'nextAttemptMs', date_part('epoch', b.next_attempt_at) * 1000
      ) ORDER BY b.position)
      FROM holdfast.branch b
      WHERE b.transaction_id = t.id
    ) END,
    '[]'
  ),
  'refunds', coalesce(
    (
      SELECT json_agg(json_build_object(
        'id', f.id, 'atMs', date_part('epoch', f.at) * 1000, 'isRefused', f.refusal IS NOT NULL
      ) ORDER BY f.at, f.id)
      FROM holdfast.refund f
      WHERE f.transaction_id = t.id
    ),
    '[]'
  ),
  'events', coalesce(
    (
      SELECT json_agg(json_build_object(
        'atMs', date_part('epoch', e.at) * 1000, 'event', e.event, 'from', e.from_state, 'to', e.to_state, 'detail', e.detail
      ) ORDER BY e.sequence)
      FROM holdfast.event e
      WHERE e.transaction_id = t.id
    ),
    '[]'
  )
) AS record
FROM holdfast.transaction t
ORDER BY t.created_at, t.id;
