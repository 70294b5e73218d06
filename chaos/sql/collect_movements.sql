-- Every movement, refused ones too, as a record of table `movement`, oldest first.
DECLARE rows NO SCROLL CURSOR FOR
SELECT json_build_object(
  'table', 'movement', 'id', id, 'sku', sku, 'warehouse', warehouse, 'kind', kind, 'delta', delta,
  'atMs', date_part('epoch', at) * 1000, 'availableAfter', available_after, 'reservedAfter', reserved_after,
  'deductedAfter', deducted_after, 'versionAfter', version_after
) AS record
FROM holdfast.movement
ORDER BY at, id;
