-- Writes open reservations straight into the tables, as if each had just been tried, one unit of one SKU each, all falling
-- due at one moment. Counters follow in carry-into-stock.sql.
-- $1 the first number, $2 the last, $3 how many SKUs (DUE-1 …) they are spread over, $4 the deadline.
WITH made AS (
  SELECT gen_random_uuid() AS id, 'DUE-' || 1 + (n % $3) AS sku
  FROM generate_series($1::bigint, $2::bigint) AS n
), transactions AS (
  INSERT INTO holdfast.transaction (id, state, content_hash, created_at, expires_at, updated_at)
  SELECT id, 'TRIED', sha256(uuid_send(id)), now(), $4, now()
  FROM made
)
INSERT INTO holdfast.reservation (transaction_id, sku, warehouse, quantity, state, created_at)
SELECT id, sku, 'default', 1, 'RESERVED', now()
FROM made;
