-- Stores what the exact path decided, set by set. The rows it changes were locked by lock_rows in this same transaction.
--   changes  {opened, opened_items, changed, changed_items, opened_stock, deltas, movements, refunds, events}: lists of objects whose
--            members are the columns named at each statement below; `changed` names the state decided on as from_state
-- Raises 'holdfast: compare-and-set failed' (SQLSTATE HF001) where a stored state is not the one that was decided on (I5).
-- New ids and SKUs were claimed by lock_rows, so that no insert here waits for another's.
CREATE OR REPLACE FUNCTION holdfast.save_changes(changes json) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 0.01
AS $$
DECLARE
  affected bigint;
BEGIN
  UPDATE holdfast.transaction t
  SET state = c.state, reason = c.reason, note = c.note,
      expires_at = holdfast.from_epoch_ms(c.expires_ms), decided_at = holdfast.from_epoch_ms(c.decided_ms),
      updated_at = holdfast.from_epoch_ms(c.updated_ms)
  FROM json_to_recordset(changes -> 'changed') c (
    id uuid, from_state holdfast.transaction_state, state holdfast.transaction_state, reason holdfast.cancel_reason, note text,
    expires_ms bigint, decided_ms bigint, updated_ms bigint
  )
  WHERE t.id = c.id AND t.state = c.from_state;
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> json_array_length(changes -> 'changed') THEN
    RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
  END IF;

  UPDATE holdfast.reservation r
  SET state = c.state, deducted = c.deducted, refunded = c.refunded
  FROM json_to_recordset(changes -> 'changed_items') c (
    transaction_id uuid, sku text, warehouse text, state holdfast.item_state, deducted bigint, refunded bigint
  )
  WHERE r.transaction_id = c.transaction_id AND r.sku = c.sku AND r.warehouse = c.warehouse;
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> json_array_length(changes -> 'changed_items') THEN
    RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
  END IF;

  INSERT INTO holdfast.stock (sku, warehouse, available, reserved, deducted, version)
  SELECT sku, warehouse, 0, 0, 0, 1
  FROM json_to_recordset(changes -> 'opened_stock') c (sku text, warehouse text)
  ORDER BY sku COLLATE "C", warehouse COLLATE "C";

  UPDATE holdfast.stock s
  SET available = s.available + c.available, reserved = s.reserved + c.reserved, deducted = s.deducted + c.deducted,
      version = s.version + c.changes
  FROM json_to_recordset(changes -> 'deltas') c (
    sku text, warehouse text, available bigint, reserved bigint, deducted bigint, changes bigint
  )
  WHERE s.sku = c.sku AND s.warehouse = c.warehouse;
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected <> json_array_length(changes -> 'deltas') THEN
    RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
  END IF;

  INSERT INTO holdfast.transaction (
    id, state, reason, note, content_hash, reference, metadata, shortages, created_at, expires_at, decided_at, updated_at
  )
  SELECT id, state, reason, note, decode(content_hash, 'hex'), reference, metadata::json, shortages,
         holdfast.from_epoch_ms(created_ms), holdfast.from_epoch_ms(expires_ms), holdfast.from_epoch_ms(decided_ms),
         holdfast.from_epoch_ms(updated_ms)
  FROM json_to_recordset(changes -> 'opened') c (
    id uuid, state holdfast.transaction_state, reason holdfast.cancel_reason, note text, content_hash text, reference text,
    metadata text, shortages json, created_ms bigint, expires_ms bigint, decided_ms bigint, updated_ms bigint
  )
  ORDER BY id;

  INSERT INTO holdfast.reservation (transaction_id, sku, warehouse, quantity, state, deducted, refunded, created_at)
  SELECT transaction_id, sku, warehouse, quantity, state, deducted, refunded, holdfast.from_epoch_ms(created_ms)
  FROM json_to_recordset(changes -> 'opened_items') c (
    transaction_id uuid, sku text, warehouse text, quantity bigint, state holdfast.item_state, deducted bigint, refunded bigint,
    created_ms bigint
  );

  INSERT INTO holdfast.movement (
    id, sku, warehouse, kind, quantity, delta, reason, content_hash, at,
    available_after, reserved_after, deducted_after, version_after, refusal
  )
  SELECT id, sku, warehouse, kind, quantity, delta, reason, decode(content_hash, 'hex'), holdfast.from_epoch_ms(at_ms),
         available_after, reserved_after, deducted_after, version_after, refusal
  FROM json_to_recordset(changes -> 'movements') c (
    id uuid, sku text, warehouse text, kind holdfast.movement_kind, quantity bigint, delta bigint, reason text, content_hash text,
    at_ms bigint, available_after bigint, reserved_after bigint, deducted_after bigint, version_after bigint, refusal json
  )
  ORDER BY id;

  INSERT INTO holdfast.refund (transaction_id, id, content_hash, at, refusal)
  SELECT transaction_id, id, decode(content_hash, 'hex'), holdfast.from_epoch_ms(at_ms), refusal
  FROM json_to_recordset(changes -> 'refunds') c (transaction_id uuid, id uuid, content_hash text, at_ms bigint, refusal json)
  ORDER BY transaction_id, id;

  INSERT INTO holdfast.event (transaction_id, at, event, from_state, to_state, detail)
  SELECT transaction_id, holdfast.from_epoch_ms(at_ms), event, from_state, to_state, detail
  FROM json_to_recordset(changes -> 'events') c (
    transaction_id uuid, at_ms bigint, event text, from_state holdfast.transaction_state, to_state holdfast.transaction_state,
    detail json
  );
END
$$;
