-- The open transactions that hold some of a SKU, oldest first. An index of what is held would cost every Try, so two looks along
-- those there are, each bounded, find them: through the SKU's newest reservations; and, where these do not make up what the counters
-- say is reserved, through the open transactions whose deadlines come first. Whoever reads sums up what was found: less than `reserved`
-- means that there are more.
--   $1 sku  $2 how many  $3 how many rows each look may go through
-- Returns {reserved, found: units, items: [...]}
WITH reserved AS MATERIALIZED (
  SELECT coalesce(sum(s.reserved), 0) AS units FROM holdfast.stock s WHERE s.sku = $1
),
newest AS MATERIALIZED (
  SELECT r.transaction_id, r.warehouse, r.quantity, r.created_at
  FROM (
    SELECT r.transaction_id, r.warehouse, r.quantity, r.created_at, r.state
    FROM holdfast.reservation r
    WHERE r.sku = $1
    ORDER BY r.created_at DESC, r.transaction_id DESC
    LIMIT $3
  ) r
  WHERE r.state = 'RESERVED'
),
earliest AS MATERIALIZED (
  SELECT r.transaction_id, r.warehouse, r.quantity, r.created_at
  FROM (
    SELECT t.id
    FROM holdfast.transaction t
    WHERE t.state IN ('TRYING', 'TRIED')
      AND (SELECT coalesce(sum(n.quantity), 0) FROM newest n) < (SELECT units FROM reserved)
    ORDER BY t.expires_at, t.id
    LIMIT $3
  ) t
  CROSS JOIN LATERAL (
    -- OFFSET keeps the planner from any other way than one look-up for each.
    SELECT r.transaction_id, r.warehouse, r.quantity, r.created_at
    FROM holdfast.reservation r
    WHERE r.transaction_id = t.id AND r.sku = $1 AND r.state = 'RESERVED'
    OFFSET 0
  ) r
),
held AS MATERIALIZED (
  SELECT * FROM newest UNION SELECT * FROM earliest
),
page AS MATERIALIZED (
  SELECT * FROM held h ORDER BY h.created_at, h.transaction_id, h.warehouse LIMIT $2
)
SELECT json_build_object(
  'reserved', (SELECT units FROM reserved),
  'found', (SELECT coalesce(sum(h.quantity), 0) FROM held h),
  'items', coalesce((
    SELECT json_agg(json_build_object(
      'transactionId', t.id, 'reference', t.reference, 'warehouse', p.warehouse, 'quantity', p.quantity, 'state', t.state,
      'createdAt', holdfast.epoch_ms(t.created_at), 'expiresAt', holdfast.epoch_ms(t.expires_at)
    ) ORDER BY p.created_at, t.id, p.warehouse)
    FROM page p JOIN holdfast.transaction t ON t.id = p.transaction_id
  ), '[]')
)::text
