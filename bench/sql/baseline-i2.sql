-- I2 for the baseline: no counter is negative. Answers the rows for which one is.
SELECT sku, warehouse, available, reserved, deducted
FROM baseline.stock
WHERE least(available, reserved, deducted) < 0
LIMIT 10;
