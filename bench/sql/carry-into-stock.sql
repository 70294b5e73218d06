-- Carries what history.sql or open.sql wrote into the counters, so that I1 and I3 hold. The stock was received before.
UPDATE holdfast.stock s
SET available = s.available + s.reserved + s.deducted - r.reserved - r.deducted, reserved = r.reserved, deducted = r.deducted,
  version = s.version + 1
FROM (
  SELECT sku, warehouse, coalesce(sum(quantity) FILTER (WHERE state = 'RESERVED'), 0)::bigint AS reserved,
    sum(deducted - refunded)::bigint AS deducted
  FROM holdfast.reservation
  GROUP BY sku, warehouse
) r
WHERE s.sku = r.sku AND s.warehouse = r.warehouse;
