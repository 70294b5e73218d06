-- Removes the bodies and the history of finished transactions, and carries forward what their reservations came to. What stays of
-- each is one slim row: id, content hash, state, reason and times (rule 10).
--
--   before   those that were made, and last changed, before this (ms since 1970)
--   most     how many at once
--
-- Returns how many there were. Raises 'holdfast: too young to be removed' (SQLSTATE HF002) where `before` is later than the owner allows
-- (holdfast.retention).
--
-- The one function that runs with its owner's rights: a coordinator may remove history in this way and in no other (sql/grants). So it
-- believes nothing of who calls it: it finds by itself what is finished and old, and no name in it depends on the caller's search_path.
--
-- Locks: transactions in the order of their age, which is not the order of the others; so it waits for none that another holds, and
-- leaves them for the next time. After that it touches only what belongs to a locked transaction, and `carried`, which is its own.
-- One that needs attention is kept whole, whatever its age.
CREATE OR REPLACE FUNCTION holdfast.retire_transactions(before bigint, most int) RETURNS int LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 0.01
AS $$
DECLARE
  old uuid[];
BEGIN
  -- No row, no leave. Null is not true either. In whole ms, rounded as the caller's were: just now would be later otherwise. In hours, which
  -- no time zone of the caller's makes longer.
  IF NOT coalesce(
    (SELECT before <= holdfast.epoch_ms(clock_timestamp() - r.least_days * interval '24 hours') FROM holdfast.retention r), false
  ) THEN
    RAISE EXCEPTION 'holdfast: too young to be removed: the owner allows what is older than % days',
      (SELECT r.least_days FROM holdfast.retention r) USING ERRCODE = 'HF002';
  END IF;
  old := array(
    SELECT t.id FROM holdfast.transaction t
    WHERE t.retired_at IS NULL AND t.created_at < holdfast.from_epoch_ms(before) AND t.updated_at < holdfast.from_epoch_ms(before)
      AND t.state IN ('CONFIRMED', 'CANCELLED') AND NOT t.needs_attention
    ORDER BY t.created_at, t.id
    LIMIT most
    FOR NO KEY UPDATE SKIP LOCKED
  );
  IF cardinality(old) = 0 THEN
    RETURN 0;
  END IF;
  WITH gone AS (
    DELETE FROM holdfast.reservation r WHERE r.transaction_id = ANY (old)
    RETURNING r.sku, r.warehouse, r.deducted, r.refunded, r.created_at
  )
  INSERT INTO holdfast.carried AS c (sku, warehouse, deducted, refunded, reservations, until)
  SELECT g.sku, g.warehouse, sum(g.deducted), sum(g.refunded), count(*), max(g.created_at)
  FROM gone g GROUP BY g.sku, g.warehouse
  -- One that never held anything (a refused Try has its items, all of them AVAILABLE) names a SKU that may not exist.
  HAVING sum(g.deducted) > 0
    OR EXISTS (SELECT 1 FROM holdfast.stock s WHERE s.sku = g.sku AND s.warehouse = g.warehouse)
  ORDER BY g.sku, g.warehouse
  ON CONFLICT (sku, warehouse) DO UPDATE
  SET deducted = c.deducted + excluded.deducted, refunded = c.refunded + excluded.refunded,
      reservations = c.reservations + excluded.reservations, until = greatest(c.until, excluded.until);
  DELETE FROM holdfast.attempt a WHERE a.transaction_id = ANY (old);
  DELETE FROM holdfast.branch b WHERE b.transaction_id = ANY (old);
  DELETE FROM holdfast.refund f WHERE f.transaction_id = ANY (old);
  DELETE FROM holdfast.event e WHERE e.transaction_id = ANY (old);
  UPDATE holdfast.transaction t
  SET retired_at = clock_timestamp(), note = NULL, reference = NULL, metadata = NULL, shortages = NULL, origin = NULL, holder = NULL
  WHERE t.id = ANY (old);
  RETURN cardinality(old);
END
$$;
REVOKE ALL ON FUNCTION holdfast.retire_transactions FROM PUBLIC;
