-- A page of the counters, as they stand, by SKU and warehouse.
--   $1, $2 the last one of the page before (the first page: two empty texts)  $3 how many
SELECT s.sku, s.warehouse, json_build_array(s.available, s.reserved, s.deducted, s.version)::text
FROM holdfast.stock s
WHERE (s.sku, s.warehouse) > ($1, $2)
ORDER BY s.sku, s.warehouse
LIMIT $3
