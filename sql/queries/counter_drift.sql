-- By how much counters differ from the rows that they are the sums of, all from one snapshot (I1, I3): movements, reservations, and
-- what was carried forward of reservations that were removed.
--   $1, $2 which SKUs in which warehouses, pairwise
--
-- Returns {counters: how many there were, drift: [[sku, warehouse, available, reserved, deducted]] of those that differ}
SELECT json_build_object(
  'counters', count(*),
  'drift', coalesce(
    json_agg(json_build_array(d.sku, d.warehouse, d.available, d.reserved, d.deducted))
      FILTER (WHERE (d.available, d.reserved, d.deducted) <> (0, 0, 0)),
    '[]'
  )
)::text
FROM (
  SELECT s.sku, s.warehouse,
    s.available - (coalesce(m.delta, 0) - coalesce(r.held, 0) - coalesce(r.sold, 0) - coalesce(c.deducted - c.refunded, 0)) AS available,
    s.reserved - coalesce(r.held, 0) AS reserved,
    s.deducted - coalesce(r.sold, 0) - coalesce(c.deducted - c.refunded, 0) AS deducted
  FROM unnest($1::text[], $2::text[]) named (sku, warehouse)
  JOIN holdfast.stock s ON s.sku = named.sku AND s.warehouse = named.warehouse
  LEFT JOIN holdfast.carried c ON c.sku = s.sku AND c.warehouse = s.warehouse
  LEFT JOIN LATERAL (
    SELECT sum(m.delta) AS delta FROM holdfast.movement m WHERE m.sku = s.sku AND m.warehouse = s.warehouse
  ) m ON true
  LEFT JOIN LATERAL (
    SELECT sum(r.quantity) FILTER (WHERE r.state = 'RESERVED') AS held, sum(r.deducted - r.refunded) AS sold
    FROM holdfast.reservation r WHERE r.sku = s.sku AND r.warehouse = s.warehouse
  ) r ON true
) d
