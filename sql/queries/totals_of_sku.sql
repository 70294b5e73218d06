-- What a SKU's counters come from, by warehouse: its movements added up, what is held and sold, and what came back, of
-- reservations that retention has removed too. $1 sku
SELECT json_build_object(
  'warehouse', s.warehouse, 'received', coalesce(m.received, 0), 'writtenOff', coalesce(m.written_off, 0),
  'adjusted', coalesce(m.adjusted, 0), 'reservedNow', s.reserved, 'deductedNow', s.deducted, 'refunded', coalesce(r.refunded, 0) + coalesce(c.refunded, 0)
)::text
FROM holdfast.stock s
LEFT JOIN (
  SELECT m.warehouse,
    sum(m.delta) FILTER (WHERE m.kind = 'RECEIVE') AS received,
    -sum(m.delta) FILTER (WHERE m.kind = 'WRITE_OFF') AS written_off,
    sum(m.delta) FILTER (WHERE m.kind = 'ADJUST') AS adjusted
  FROM holdfast.movement m
  WHERE m.sku = $1
  GROUP BY m.warehouse
) m ON m.warehouse = s.warehouse
LEFT JOIN (
  SELECT r.warehouse, sum(r.refunded) AS refunded
  FROM holdfast.reservation r
  WHERE r.sku = $1 AND r.refunded > 0
  GROUP BY r.warehouse
) r ON r.warehouse = s.warehouse
LEFT JOIN holdfast.carried c ON c.sku = s.sku AND c.warehouse = s.warehouse
WHERE s.sku = $1
ORDER BY s.warehouse
