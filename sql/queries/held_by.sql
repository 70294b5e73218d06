-- How much a caller holds reserved now, by SKU, over all warehouses. $1 the lineage of its key or token
SELECT r.sku, sum(r.quantity)::text
FROM holdfast.transaction t JOIN holdfast.reservation r ON r.transaction_id = t.id
WHERE t.holder = $1::uuid AND t.state IN ('TRYING', 'TRIED') AND r.state = 'RESERVED'
GROUP BY r.sku
