-- I3 for the baseline: the counters equal the sums over its items. Answers the rows for which they do not.
SELECT s.sku, s.warehouse, s.reserved, r.reserved AS reserved_expected, s.deducted, r.deducted AS deducted_expected
FROM baseline.stock s
JOIN (
  SELECT i.sku, i.warehouse, coalesce(sum(i.quantity) FILTER (WHERE t.state = 'TRIED'), 0) AS reserved,
    coalesce(sum(i.quantity) FILTER (WHERE t.state = 'CONFIRMED'), 0) AS deducted
  FROM baseline.item i
  JOIN baseline.transaction t ON t.id = i.transaction_id
  GROUP BY i.sku, i.warehouse
) r USING (sku, warehouse)
WHERE (s.reserved, s.deducted) <> (r.reserved, r.deducted)
LIMIT 10;
