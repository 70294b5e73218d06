-- I3: the counters equal the sums over the reservations. Answers the rows for which they do not. One statement, so one snapshot.
SELECT coalesce(s.sku, r.sku) AS sku, coalesce(s.warehouse, r.warehouse) AS warehouse,
  s.reserved, coalesce(r.reserved, 0) AS reserved_expected, s.deducted, coalesce(r.deducted, 0) AS deducted_expected
FROM holdfast.stock s
FULL JOIN (
  SELECT sku, warehouse, coalesce(sum(quantity) FILTER (WHERE state = 'RESERVED'), 0) AS reserved, sum(deducted - refunded) AS deducted
  FROM holdfast.reservation
  GROUP BY sku, warehouse
) r USING (sku, warehouse)
WHERE (coalesce(s.reserved, 0), coalesce(s.deducted, 0)) <> (coalesce(r.reserved, 0), coalesce(r.deducted, 0))
LIMIT 10;
