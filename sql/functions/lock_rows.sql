-- Locks the rows that a batch may change, in the one order that every writer keeps (participants by name, transactions by id,
-- then stock by SKU and warehouse), so that writers cannot deadlock; then reads them, and the clock, as load_rows does.
--   the parameters of load_rows, and besides
--   opened_ids                       transactions that the batch may insert, where they are not there yet
--   opened_skus, opened_warehouses   stock that it may insert, pairwise
-- Returns {locked: [transactions, stock rows, participants] or null, loaded: what load_rows returns}.
--
-- What is not there yet cannot be locked; it is claimed by an advisory lock, which is tried and never waited for. Whoever
-- inserts an id or a SKU holds its claim, so that an insert never meets another's and never waits: a wait on a key, with
-- counters locked, is the one thing that the order of locks could not order. `locked` is null where another has a claim: start
-- again. A row that another committed between the locks and the look is read and not locked. Rows are only ever added
-- (a participant may be removed, but not while it is locked), so the counts tell: whoever finds more loaded than locked must start again, or would decide on what somebody else is
-- changing (I3, I5).
CREATE OR REPLACE FUNCTION holdfast.lock_rows(
  transaction_ids uuid[], settling_ids uuid[], skus text[], warehouses text[], counted_skus text[],
  movement_ids uuid[], refund_transaction_ids uuid[], refund_ids uuid[],
  participant_names text[], changed_participants text[],
  opened_ids uuid[], opened_skus text[], opened_warehouses text[]
) RETURNS text LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 0.01
AS $$
DECLARE
  transactions_locked bigint;
  stock_locked bigint;
  participants_locked bigint := 0;
BEGIN
  IF EXISTS (
    SELECT 1 FROM unnest(opened_ids) named (id)
    WHERE CASE
      WHEN EXISTS (SELECT 1 FROM holdfast.transaction t WHERE t.id = named.id) THEN false
      ELSE NOT holdfast.claim_transaction(named.id)
    END
    UNION ALL
    SELECT 1 FROM unnest(opened_skus, opened_warehouses) named (sku, warehouse)
    WHERE CASE
      WHEN EXISTS (SELECT 1 FROM holdfast.stock s WHERE s.sku = named.sku AND s.warehouse = named.warehouse) THEN false
      ELSE NOT holdfast.claim_stock(named.sku, named.warehouse)
    END
  ) THEN
    RETURN json_build_object('locked', NULL);
  END IF;

  -- A Try keeps its participants from being removed; a batch that changes some locks all of its own in one way, in one order.
  IF cardinality(changed_participants) > 0 THEN
    PERFORM 1 FROM holdfast.participant p WHERE p.name = ANY (participant_names || changed_participants) ORDER BY p.name FOR UPDATE;
    GET DIAGNOSTICS participants_locked = ROW_COUNT;
  ELSIF cardinality(participant_names) > 0 THEN
    PERFORM 1 FROM holdfast.participant p WHERE p.name = ANY (participant_names) ORDER BY p.name FOR KEY SHARE;
    GET DIAGNOSTICS participants_locked = ROW_COUNT;
  END IF;
  PERFORM 1 FROM holdfast.transaction t WHERE t.id = ANY (transaction_ids) ORDER BY t.id FOR NO KEY UPDATE;
  GET DIAGNOSTICS transactions_locked = ROW_COUNT;
  PERFORM 1
  FROM (
    SELECT named.sku, named.warehouse FROM unnest(skus, warehouses) named (sku, warehouse)
    UNION
    SELECT r.sku, r.warehouse FROM holdfast.reservation r WHERE r.transaction_id = ANY (settling_ids)
    UNION
    SELECT c.sku, c.warehouse FROM holdfast.stock c WHERE c.sku = ANY (counted_skus)
    ORDER BY sku, warehouse
  ) wanted
  CROSS JOIN LATERAL (
    SELECT 1 FROM holdfast.stock s WHERE s.sku = wanted.sku AND s.warehouse = wanted.warehouse FOR NO KEY UPDATE
  ) locked;
  GET DIAGNOSTICS stock_locked = ROW_COUNT;
  -- A new statement, so a new snapshot: what others committed while we waited for their locks is seen.
  RETURN json_build_object(
    'locked', json_build_array(transactions_locked, stock_locked, participants_locked),
    'loaded', holdfast.load_rows(
      transaction_ids, settling_ids, skus, warehouses, counted_skus, movement_ids, refund_transaction_ids, refund_ids,
      participant_names, changed_participants
    )::json
  );
END
$$;
