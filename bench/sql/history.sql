-- Writes finished transactions straight into the tables, as if each had been tried and confirmed, one unit of one SKU each,
-- over the last 30 days. Counters follow in carry-into-stock.sql.
-- $1 the first number, $2 the last, $3 how many SKUs (SKU-1 …) they are spread over.
WITH made AS (
  SELECT gen_random_uuid() AS id, 'SKU-' || 1 + (n % $3) AS sku, now() - interval '30 days' * random() AS tried_at
  FROM generate_series($1::bigint, $2::bigint) AS n
), transactions AS (
  INSERT INTO holdfast.transaction (id, state, content_hash, created_at, expires_at, decided_at, updated_at)
  SELECT id, 'CONFIRMED', sha256(uuid_send(id)), tried_at, tried_at + interval '15 minutes', tried_at + interval '1 minute',
    tried_at + interval '1 minute'
  FROM made
)
INSERT INTO holdfast.reservation (transaction_id, sku, warehouse, quantity, state, deducted, created_at)
SELECT id, sku, 'default', 1, 'DEDUCTED', 1, tried_at
FROM made;
