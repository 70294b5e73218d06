-- Every counter, as a record of table `stock`.
DECLARE rows NO SCROLL CURSOR FOR
SELECT json_build_object(
  'table', 'stock', 'sku', sku, 'warehouse', warehouse, 'available', available, 'reserved', reserved, 'deducted', deducted,
  'version', version
) AS record
FROM holdfast.stock
ORDER BY sku, warehouse;
