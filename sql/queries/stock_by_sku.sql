-- Every warehouse of one SKU, sorted. $1 sku
SELECT json_build_array(s.sku, s.warehouse, s.available, s.reserved, s.deducted, s.version)::text AS document
FROM holdfast.stock s
WHERE s.sku = $1
ORDER BY s.warehouse
