-- A page of a SKU's story, newest first: the movements that were applied, the reservations that held something, and what the
-- reservations came to, all told, that retention has removed.
--   $1 sku  $2 warehouse or null  $3, $4, $5 the last row of the page before: at (ms), id and warehouse  $6 how many
SELECT h.document::text AS document
FROM (
  (
    SELECT m.at, m.id, m.warehouse, json_build_object(
      'at', holdfast.epoch_ms(m.at), 'warehouse', m.warehouse, 'kind', m.kind, 'quantity', m.quantity, 'movementId', m.id,
      'reason', m.reason
    ) AS document
    FROM holdfast.movement m
    WHERE m.sku = $1 AND ($2::text IS NULL OR m.warehouse = $2) AND m.refusal IS NULL
      AND (m.at, m.id, m.warehouse) < (coalesce(holdfast.from_epoch_ms($3::bigint), 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), coalesce($5, ''))
    ORDER BY m.at DESC, m.id DESC, m.warehouse DESC
    LIMIT $6
  )
  UNION ALL
  (
    SELECT r.created_at, r.transaction_id, r.warehouse, json_build_object(
      'at', holdfast.epoch_ms(r.created_at), 'warehouse', r.warehouse, 'kind', 'RESERVATION', 'quantity', r.quantity,
      'transactionId', r.transaction_id, 'state', r.state, 'deducted', r.deducted, 'refunded', r.refunded,
      'settledAt', holdfast.epoch_ms(t.decided_at), 'transactionState', t.state, 'reason', t.reason
    )
    FROM holdfast.reservation r
    JOIN holdfast.transaction t ON t.id = r.transaction_id
    WHERE r.sku = $1 AND ($2::text IS NULL OR r.warehouse = $2)
      AND t.reason IS DISTINCT FROM 'insufficient-stock'
      AND (r.created_at, r.transaction_id, r.warehouse) < (coalesce(holdfast.from_epoch_ms($3::bigint), 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), coalesce($5, ''))
    ORDER BY r.created_at DESC, r.transaction_id DESC, r.warehouse DESC
    LIMIT $6
  )
  UNION ALL
  (
    SELECT c.until, '00000000-0000-0000-0000-000000000000', c.warehouse, json_build_object(
      'at', holdfast.epoch_ms(c.until), 'warehouse', c.warehouse, 'kind', 'CARRIED', 'quantity', c.deducted - c.refunded,
      'deducted', c.deducted, 'refunded', c.refunded, 'reservations', c.reservations
    )
    FROM holdfast.carried c
    WHERE c.sku = $1 AND ($2::text IS NULL OR c.warehouse = $2)
      AND (c.until, '00000000-0000-0000-0000-000000000000', c.warehouse) < (coalesce(holdfast.from_epoch_ms($3::bigint), 'infinity'), coalesce($4::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'), coalesce($5, ''))
  )
) h
ORDER BY h.at DESC, h.id DESC, h.warehouse DESC
LIMIT $6
