-- One look at what is open, in one snapshot; its cost grows with the counters, the movements and the open transactions alone.
-- Answers a row for each rule: invariant, examined, and up to five violations in words.
WITH open AS MATERIALIZED (
  -- In two parts, each by the index that holds no others.
  SELECT id, state FROM holdfast.transaction WHERE state IN ('TRYING', 'TRIED')
  UNION ALL
  SELECT id, state FROM holdfast.transaction WHERE state IN ('CONFIRMING', 'CANCELLING')
), open_item AS MATERIALIZED (
  SELECT t.state AS transaction_state, r.*
  FROM open t
  JOIN holdfast.reservation r ON r.transaction_id = t.id
  WHERE t.state IN ('TRYING', 'TRIED')
), held AS (
  SELECT sku, warehouse, sum(quantity) AS quantity FROM open_item WHERE state = 'RESERVED' GROUP BY sku, warehouse
), moved AS (
  SELECT sku, warehouse, sum(delta) AS delta FROM holdfast.movement GROUP BY sku, warehouse
), counter AS MATERIALIZED (
  SELECT s.*, coalesce(m.delta, 0) AS moved, coalesce(h.quantity, 0) AS held
  FROM holdfast.stock s
  LEFT JOIN moved m USING (sku, warehouse)
  LEFT JOIN held h USING (sku, warehouse)
), branch AS MATERIALIZED (
  SELECT t.state AS transaction_state, b.*
  FROM open t
  JOIN holdfast.branch b ON b.transaction_id = t.id
), seen (invariant, text) AS (
  SELECT 'I1', format('%s in %s: %s available, %s reserved, %s deducted, but %s were moved into it',
    sku, warehouse, available, reserved, deducted, moved)
  FROM counter WHERE available + reserved + deducted <> moved
  UNION ALL
  SELECT 'I2', format('%s in %s: %s available, %s reserved, %s deducted', sku, warehouse, available, reserved, deducted)
  FROM counter WHERE least(available, reserved, deducted) < 0
  UNION ALL
  SELECT 'I3', format('%s in %s: %s reserved, but open transactions hold %s', sku, warehouse, reserved, held)
  FROM counter WHERE reserved <> held
  UNION ALL
  SELECT 'I4', format('%s of %s in %s is %s while transaction %s is %s', quantity, sku, warehouse, state, transaction_id, transaction_state)
  FROM open_item WHERE state <> 'RESERVED'
  UNION ALL
  SELECT 'I5', format('branch %s is %s while transaction %s is %s', id, state, transaction_id, transaction_state)
  FROM branch
  WHERE NOT resolved AND ((state = 'CONFIRMED' AND transaction_state <> 'CONFIRMING') OR (state = 'CANCELLED' AND transaction_state <> 'CANCELLING'))
  UNION ALL
  SELECT 'I9', format('branch %s is asked to %s while transaction %s is %s', id, phase, transaction_id, transaction_state)
  FROM branch
  WHERE (lease_holder IS NOT NULL OR next_attempt_at IS NOT NULL)
    AND ((phase = 'confirm' AND transaction_state <> 'CONFIRMING') OR (phase = 'cancel' AND transaction_state <> 'CANCELLING'))
  UNION ALL
  SELECT 'I11', format('nobody will ask branch %s, %s, of transaction %s, which is %s', id, state, transaction_id, transaction_state)
  FROM branch
  WHERE lease_holder IS NULL AND next_attempt_at IS NULL AND state NOT IN ('CONFIRMED', 'CANCELLED')
    AND (transaction_state IN ('CONFIRMING', 'CANCELLING') OR (transaction_state = 'TRYING' AND state = 'REGISTERED'))
  UNION ALL
  SELECT 'I11', format('branch %s of transaction %s is held under a lease that is over', id, transaction_id)
  FROM branch b
  WHERE lease_holder IS NOT NULL AND NOT EXISTS (SELECT FROM holdfast.coordinator c WHERE c.id = b.lease_holder)
  UNION ALL
  -- Whatever was stored was stored before this look began; and no delay is longer than the longest, and a quarter of it (contract, 6).
  SELECT 'I12', format('branch %s of transaction %s is not asked again before %s', id, transaction_id, next_attempt_at)
  FROM branch b
  JOIN holdfast.participant p ON p.name = b.participant
  WHERE next_attempt_at > now() + p.retry_max_ms * interval '1.25 milliseconds' + interval '50 milliseconds'
), size (invariant, examined) AS (
  SELECT name, (SELECT count(*) FROM counter) FROM unnest(ARRAY['I1', 'I2', 'I3']) AS name
  UNION ALL
  SELECT 'I4', (SELECT count(*) FROM open_item)
  UNION ALL
  SELECT name, (SELECT count(*) FROM branch) FROM unnest(ARRAY['I5', 'I9', 'I11', 'I12']) AS name
)
SELECT invariant, examined::float8, (SELECT coalesce(array_agg(text), '{}') FROM (SELECT text FROM seen WHERE seen.invariant = size.invariant LIMIT 5) AS few) AS violations
FROM size;
