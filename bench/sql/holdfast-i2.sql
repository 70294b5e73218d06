-- I2: no counter is negative. Answers the rows for which one is. The CHECK constraints hold it too; this does not trust them.
SELECT sku, warehouse, available, reserved, deducted
FROM holdfast.stock
WHERE least(available, reserved, deducted) < 0
LIMIT 10;
