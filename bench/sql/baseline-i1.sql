-- I1 for the baseline: the counters add up to what was received. Answers the rows for which they do not.
SELECT sku, warehouse, available + reserved + deducted AS counted, received AS expected
FROM baseline.stock
WHERE available + reserved + deducted <> received
LIMIT 10;
