-- The optimistic path: in one statement of the lane, apply every command of a batch that is plainly legal, and name the rest.
-- What it leaves undone is decided command by command on the exact path (load_rows, lock_rows, save_changes).
--
--   try_ids, try_hashes, try_timeouts_ms, try_references, try_metadata, try_origins, try_holders   new transactions,
--                     pairwise (the last four may be empty: unnest fills them up with nulls)
--   check_ids         those of try_ids that may be known already (the caller made the id, or this is a second attempt)
--   item_tries        which Try an item belongs to, as its position in try_ids; item_skus, item_warehouses, item_quantities: pairwise
--   confirm_ids       transactions to confirm whole
--   cancel_ids, cancel_notes   transactions to cancel, pairwise
--   expire_ids        transactions whose deadline is said to have come
--   confirm_from, cancel_from, targets, item_states   what the machines in workflows/ allow, so that no rule is copied here:
--                     the states a confirm and a cancel may start from; where Try, confirm and cancel lead; an item free, held, sold
--   whole             whether any caller wants the settled transactions back
--
-- Returns {now, left: [positions in try_ids], short: [[sku, warehouse, available | null]],
--          confirmed, cancelled: [[id, reason, note, reference, metadata, createdAt, expiresAt]] (ids alone unless whole),
--          items: [[id, sku, warehouse, quantity]] (null unless whole),
--          sold, freed: units in all, late: [ms after its deadline, for each that expired | null]}
--
-- Left undone: a Try whose id is known, or being made by another instance right now; Tries that ask for a SKU of which this batch asks for more than there is (`short`);
-- a confirm, cancel or expire that finds another state than it may start from, the deadline on the wrong side, or branches.
-- Raises unique_violation or check_violation where another instance was faster; nothing is applied then, and the whole
-- batch takes the exact path.
--
-- Lock order (docs/design.md): transactions by id, then stock by SKU and warehouse; then new keys, claimed. The settings keep
-- the planner on primary keys in nested loops, so that a plan made for empty tables is still right for full ones, and
-- updates run in the order of the sorted side.
CREATE OR REPLACE FUNCTION holdfast.apply_commands(
  try_ids uuid[], try_hashes bytea[], try_timeouts_ms bigint[], try_references text[], try_metadata text[], try_origins text[], try_holders uuid[],
  check_ids uuid[],
  item_tries int[], item_skus text[], item_warehouses text[], item_quantities bigint[],
  confirm_ids uuid[], cancel_ids uuid[], cancel_notes text[], expire_ids uuid[],
  confirm_from holdfast.transaction_state[], cancel_from holdfast.transaction_state[], targets holdfast.transaction_state[],
  item_states holdfast.item_state[], whole boolean
) RETURNS text LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET random_page_cost = 0.01
AS $$
DECLARE
  release_ids CONSTANT uuid[] := cancel_ids || expire_ids;
  tried CONSTANT holdfast.transaction_state := targets[1];
  confirmed CONSTANT holdfast.transaction_state := targets[2];
  cancelled CONSTANT holdfast.transaction_state := targets[3];
  free CONSTANT holdfast.item_state := item_states[1];
  held CONSTANT holdfast.item_state := item_states[2];
  sold CONSTANT holdfast.item_state := item_states[3];
  left_tries int[] := '{}';
  short json;
  short_keys jsonb;
  now timestamptz;
  confirmed_ids uuid[] := '{}';
  confirmed_rows json;
  cancelled_ids uuid[] := '{}';
  cancelled_rows json;
  items json;
  sold_units bigint;
  freed_units bigint;
  late json;
  earliest timestamptz;
BEGIN
  IF cardinality(try_ids) > 0 THEN
    SELECT json_agg(json_build_array(d.sku, d.warehouse, s.available)), jsonb_object_agg(d.sku || ' ' || d.warehouse, NULL)
    INTO short, short_keys
    FROM (
      SELECT i.sku, i.warehouse, sum(i.quantity) AS quantity
      FROM unnest(item_skus, item_warehouses, item_quantities) i (sku, warehouse, quantity)
      GROUP BY i.sku, i.warehouse
    ) d
    LEFT JOIN holdfast.stock s ON s.sku = d.sku AND s.warehouse = d.warehouse
    WHERE s.available IS NULL OR s.available < d.quantity;
    IF short IS NOT NULL THEN
      left_tries := array(
        SELECT DISTINCT i.position
        FROM unnest(item_tries, item_skus, item_warehouses) i (position, sku, warehouse)
        WHERE short_keys ? (i.sku || ' ' || i.warehouse)
      );
    END IF;
    IF cardinality(check_ids) > 0 THEN
      -- Claimed first, looked for after: then nobody else inserts them, and our insert will not wait (lock_rows says why).
      left_tries := left_tries || array(
        SELECT array_position(try_ids, c.id) FROM unnest(check_ids) c (id) WHERE NOT holdfast.claim_transaction(c.id)
      );
      left_tries := array(
        SELECT unnest(left_tries)
        UNION
        SELECT array_position(try_ids, t.id) FROM holdfast.transaction t WHERE t.id = ANY (check_ids)
      );
    END IF;
  END IF;

  -- One UPDATE walks the primary key, so it locks in order by itself; two would each start again at the smallest id.
  IF cardinality(confirm_ids) > 0 AND cardinality(release_ids) > 0 THEN
    PERFORM 1 FROM holdfast.transaction t WHERE t.id = ANY (confirm_ids || release_ids) ORDER BY t.id FOR NO KEY UPDATE;
  END IF;
  now := date_trunc('milliseconds', clock_timestamp());

  IF cardinality(confirm_ids) > 0 THEN
    WITH changed AS (
      UPDATE holdfast.transaction t
      SET state = confirmed, decided_at = now, updated_at = now
      WHERE t.id = ANY (confirm_ids) AND t.expires_at > now AND t.branch_count = 0
        AND array_position(confirm_from, t.state) IS NOT NULL
      RETURNING t.*
    )
    SELECT coalesce(array_agg(c.id), '{}'), json_agg(CASE WHEN whole THEN json_build_array(
      c.id, c.reason, c.note, c.reference, c.metadata::text, holdfast.epoch_ms(c.created_at), holdfast.epoch_ms(c.expires_at)
    ) ELSE json_build_array(c.id) END), min(c.expires_at)
    INTO confirmed_ids, confirmed_rows, earliest FROM changed c;
    -- I8: where it had to wait for a lock, the deadline may have come meanwhile. The exact path reads the clock after its locks.
    IF earliest <= clock_timestamp() THEN
      RAISE EXCEPTION 'holdfast: the deadline came while a lock was waited for' USING ERRCODE = 'HF001';
    END IF;
  END IF;
  IF cardinality(release_ids) > 0 THEN
    WITH changed AS (
      UPDATE holdfast.transaction t
      SET state = cancelled,
          reason = CASE WHEN t.expires_at <= now THEN 'expired' ELSE 'requested' END::holdfast.cancel_reason,
          note = cancel_notes[array_position(cancel_ids, t.id)], decided_at = now, updated_at = now
      WHERE t.id = ANY (release_ids) AND (t.expires_at <= now OR t.id = ANY (cancel_ids)) AND t.branch_count = 0
        AND array_position(cancel_from, t.state) IS NOT NULL
      RETURNING t.*
    )
    SELECT coalesce(array_agg(c.id), '{}'), json_agg(CASE WHEN whole THEN json_build_array(
      c.id, c.reason, c.note, c.reference, c.metadata::text, holdfast.epoch_ms(c.created_at), holdfast.epoch_ms(c.expires_at)
    ) ELSE json_build_array(c.id) END),
      json_agg(holdfast.epoch_ms(now) - holdfast.epoch_ms(c.expires_at)) FILTER (WHERE c.reason = 'expired')
    INTO cancelled_ids, cancelled_rows, late FROM changed c;
  END IF;

  WITH sold_items AS (
    UPDATE holdfast.reservation r
    SET state = sold, deducted = r.quantity
    WHERE r.transaction_id = ANY (confirmed_ids) AND r.state = held
    RETURNING r.transaction_id, r.sku, r.warehouse, r.quantity
  ), freed_items AS (
    UPDATE holdfast.reservation r
    SET state = free
    WHERE r.transaction_id = ANY (cancelled_ids) AND r.state = held
    RETURNING r.transaction_id, r.sku, r.warehouse, r.quantity
  ), moved AS (
    UPDATE holdfast.stock s
    SET available = s.available + d.available, reserved = s.reserved + d.reserved, deducted = s.deducted + d.deducted,
        version = s.version + 1
    FROM (
      SELECT m.sku, m.warehouse, sum(m.available)::bigint AS available, sum(m.reserved)::bigint AS reserved, sum(m.deducted)::bigint AS deducted
      FROM (
        SELECT i.sku, i.warehouse, -i.quantity AS available, i.quantity AS reserved, 0::bigint AS deducted
        FROM unnest(item_tries, item_skus, item_warehouses, item_quantities) i (position, sku, warehouse, quantity)
        WHERE i.position <> ALL (left_tries)
        UNION ALL SELECT f.sku, f.warehouse, f.quantity, -f.quantity, 0 FROM freed_items f
        UNION ALL SELECT s.sku, s.warehouse, 0, -s.quantity, s.quantity FROM sold_items s
      ) m
      GROUP BY m.sku, m.warehouse
      ORDER BY m.sku COLLATE "C", m.warehouse COLLATE "C"
    ) d
    WHERE s.sku = d.sku AND s.warehouse = d.warehouse
  )
  SELECT json_agg(json_build_array(m.transaction_id, m.sku, m.warehouse, m.quantity)) FILTER (WHERE whole),
         coalesce(sum(m.quantity) FILTER (WHERE m.is_sold), 0), coalesce(sum(m.quantity) FILTER (WHERE NOT m.is_sold), 0)
  INTO items, sold_units, freed_units
  FROM (SELECT s.*, true AS is_sold FROM sold_items s UNION ALL SELECT f.*, false FROM freed_items f) m;

  -- Statements of their own: the parts of one WITH run in no promised order, and new keys must come after the counters.
  IF cardinality(try_ids) > cardinality(left_tries) THEN
    INSERT INTO holdfast.transaction (id, state, content_hash, reference, metadata, origin, holder, created_at, expires_at, updated_at)
    SELECT t.id, tried, t.hash, t.reference, t.metadata::json, t.origin, t.holder, now, now + t.timeout_ms * interval '1 millisecond', now
    FROM unnest(try_ids, try_hashes, try_timeouts_ms, try_references, try_metadata, try_origins, try_holders) WITH ORDINALITY
      t (id, hash, timeout_ms, reference, metadata, origin, holder, position)
    WHERE t.position <> ALL (left_tries)
    ORDER BY t.id;
    INSERT INTO holdfast.reservation (transaction_id, sku, warehouse, quantity, state, created_at)
    SELECT try_ids[i.position], i.sku, i.warehouse, i.quantity, held, now
    FROM unnest(item_tries, item_skus, item_warehouses, item_quantities) i (position, sku, warehouse, quantity)
    WHERE i.position <> ALL (left_tries);
    -- Rule 5: a Try that waited for its counters until past its own deadline holds nothing.
    IF now + (SELECT min(t.timeout_ms) FROM unnest(try_timeouts_ms) t (timeout_ms)) * interval '1 millisecond' <= clock_timestamp() THEN
      RAISE EXCEPTION 'holdfast: the deadline came while a lock was waited for' USING ERRCODE = 'HF001';
    END IF;
  END IF;

  RETURN json_build_object(
    'now', holdfast.epoch_ms(now), 'left', left_tries, 'short', short, 'confirmed', confirmed_rows, 'cancelled', cancelled_rows,
    'items', items, 'sold', sold_units, 'freed', freed_units, 'late', late
  );
END
$$;
