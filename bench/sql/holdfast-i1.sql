-- I1: a SKU's counters add up to what was moved into it. Answers the rows for which they do not; none may be left.
SELECT coalesce(s.sku, m.sku) AS sku, coalesce(s.warehouse, m.warehouse) AS warehouse,
  coalesce(s.available + s.reserved + s.deducted, 0) AS counted, coalesce(m.moved, 0) AS expected
FROM holdfast.stock s
FULL JOIN (SELECT sku, warehouse, sum(delta) AS moved FROM holdfast.movement GROUP BY sku, warehouse) m USING (sku, warehouse)
WHERE coalesce(s.available + s.reserved + s.deducted, 0) <> coalesce(m.moved, 0)
LIMIT 10;
