-- A page of SKUs, each with all of its warehouses, sorted by SKU. Null switches a filter off.
--   $1 prefix  $2 skus  $3 the last SKU of the page before  $4 how many SKUs
-- The page's SKUs are found by hopping along the primary key, one look-up per SKU, whatever number of warehouses each has.
WITH RECURSIVE page (sku, rank) AS (
  SELECT min(s.sku), 1
  FROM holdfast.stock s
  WHERE s.sku > coalesce($3, '') AND s.sku >= coalesce($1, '') AND ($2::text[] IS NULL OR s.sku = ANY ($2))
  UNION ALL
  SELECT (
    SELECT min(s.sku) FROM holdfast.stock s WHERE s.sku > page.sku AND ($2::text[] IS NULL OR s.sku = ANY ($2))
  ), page.rank + 1
  FROM page
  WHERE page.sku IS NOT NULL AND page.rank < $4 AND starts_with(page.sku, coalesce($1, ''))
)
SELECT json_agg(json_build_array(s.sku, s.warehouse, s.available, s.reserved, s.deducted, s.version) ORDER BY s.warehouse)::text AS document
FROM page
JOIN holdfast.stock s ON s.sku = page.sku
WHERE starts_with(page.sku, coalesce($1, ''))
GROUP BY s.sku
ORDER BY s.sku
