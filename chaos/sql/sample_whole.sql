-- One look at every counter and every reservation, in one snapshot; it grows with the ledger. Answers as sample_open.sql does.
WITH summed AS (
  SELECT sku, warehouse, sum(deducted - refunded) AS sold, coalesce(sum(quantity) FILTER (WHERE state = 'RESERVED'), 0) AS held
  FROM holdfast.reservation
  GROUP BY sku, warehouse
), counter AS MATERIALIZED (
  SELECT s.*, coalesce(r.sold, 0) + coalesce(c.deducted - c.refunded, 0) AS sold, coalesce(r.held, 0) AS held
  FROM holdfast.stock s
  LEFT JOIN summed r USING (sku, warehouse)
  LEFT JOIN holdfast.carried c USING (sku, warehouse)
), seen (text) AS (
  SELECT format('%s in %s: %s reserved and %s deducted, but the reservations hold %s and sold %s',
    sku, warehouse, reserved, deducted, held, sold)
  FROM counter WHERE reserved <> held OR deducted <> sold
)
SELECT 'I3' AS invariant, (SELECT count(*) FROM counter)::float8 AS examined,
  (SELECT coalesce(array_agg(text), '{}') FROM (SELECT text FROM seen LIMIT 5) AS few) AS violations;
