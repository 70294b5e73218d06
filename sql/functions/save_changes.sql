-- Stores what the exact path decided, set by set. The rows it changes were locked by lock_rows in this same transaction.
--   coordinator  who gets the lease of the branches that are `granted`; where its own lease has ended they are due for anybody
--   the rest     lists of objects whose members are the columns named at each statement below, null where a list is empty (each
--                list is a parameter of its own: taking it out of a larger document would read all of that anew);
--                `changed` names the state decided on as from_state, `changed_branches` the fence as from_fence
-- Raises 'holdfast: compare-and-set failed' (SQLSTATE HF001) where a stored state is not the one that was decided on (I5).
-- New ids and SKUs were claimed by lock_rows, so that no insert here waits for another's.
CREATE OR REPLACE FUNCTION holdfast.save_changes(
  coordinator uuid, opened json, opened_items json, opened_branches json, changed json, changed_items json, changed_branches json,
  opened_stock json, deltas json, movements json, refunds json, events json, attempts json, participants json,
  removed_participants json, acts json
) RETURNS void LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 0.01
AS $$
-- A set may be called what a column is.
#variable_conflict use_column
DECLARE
  affected bigint;
  holder uuid;
BEGIN
  IF opened_branches IS NOT NULL OR changed_branches IS NOT NULL THEN
    -- Before any branch: whoever ends this lease waits for us, and finds what we are granted here (end_leases).
    SELECT c.id INTO holder FROM holdfast.coordinator c WHERE c.id = coordinator AND c.lease_until > clock_timestamp() FOR KEY SHARE;
  END IF;

  IF changed IS NOT NULL THEN
    UPDATE holdfast.transaction t
    SET state = c.state, reason = c.reason, note = c.note, needs_attention = c.needs_attention,
        is_asking = nullif(coalesce(c.is_asking, c.branch_count > 0), false),
        expires_at = holdfast.from_epoch_ms(c.expires_ms), decided_at = holdfast.from_epoch_ms(c.decided_ms),
        updated_at = holdfast.from_epoch_ms(c.updated_ms)
    FROM json_to_recordset(changed) c (
      id uuid, from_state holdfast.transaction_state, state holdfast.transaction_state, reason holdfast.cancel_reason, note text,
      needs_attention boolean, branch_count smallint, is_asking boolean, expires_ms bigint, decided_ms bigint, updated_ms bigint
    )
    WHERE t.id = c.id AND t.state = c.from_state;
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected <> json_array_length(changed) THEN
      RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
    END IF;
  END IF;
  IF changed_items IS NOT NULL THEN
    UPDATE holdfast.reservation r
    SET state = c.state, deducted = c.deducted, refunded = c.refunded
    FROM json_to_recordset(changed_items) c (
      transaction_id uuid, sku text, warehouse text, state holdfast.item_state, deducted bigint, refunded bigint
    )
    WHERE r.transaction_id = c.transaction_id AND r.sku = c.sku AND r.warehouse = c.warehouse;
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected <> json_array_length(changed_items) THEN
      RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
    END IF;
  END IF;
  -- In one order (the list is sorted), as end_leases keeps it.
  IF changed_branches IS NOT NULL THEN
    UPDATE holdfast.branch b
    SET state = c.state, phase = c.phase, attempts = c.attempts, failures = c.failures,
        attempted_at = CASE WHEN c.attempts_in_all > b.attempts_in_all THEN holdfast.from_epoch_ms(c.updated_ms) ELSE b.attempted_at END,
        attempts_in_all = c.attempts_in_all, last_error = c.last_error,
        next_attempt_at = CASE WHEN c.granted AND holder IS NULL THEN clock_timestamp() ELSE holdfast.from_epoch_ms(c.next_attempt_ms) END,
        lease_holder = CASE WHEN c.granted THEN holder WHEN c.under_way THEN b.lease_holder END,
        claimed_by = CASE WHEN c.under_way AND NOT c.granted THEN b.claimed_by END,
        fence = c.fence, needs_attention = c.needs_attention, resolved = c.resolved, traceparent = c.traceparent
    FROM json_to_recordset(changed_branches) c (
      transaction_id uuid, id uuid, from_fence bigint, fence bigint, state holdfast.branch_state, phase holdfast.branch_phase,
      attempts integer, failures integer, attempts_in_all integer, updated_ms bigint, last_error text, next_attempt_ms bigint,
      granted boolean, under_way boolean, needs_attention boolean, resolved boolean, traceparent text
    )
    WHERE b.transaction_id = c.transaction_id AND b.id = c.id AND b.fence = c.from_fence;
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected <> json_array_length(changed_branches) THEN
      RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
    END IF;
  END IF;
  IF opened_stock IS NOT NULL THEN
    INSERT INTO holdfast.stock (sku, warehouse, available, reserved, deducted, version)
    SELECT sku, warehouse, 0, 0, 0, 1
    FROM json_to_recordset(opened_stock) c (sku text, warehouse text)
    ORDER BY sku COLLATE "C", warehouse COLLATE "C";
  END IF;
  IF deltas IS NOT NULL THEN
    UPDATE holdfast.stock s
    SET available = s.available + c.available, reserved = s.reserved + c.reserved, deducted = s.deducted + c.deducted,
        version = s.version + c.changes
    FROM json_to_recordset(deltas) c (
      sku text, warehouse text, available bigint, reserved bigint, deducted bigint, changes bigint
    )
    WHERE s.sku = c.sku AND s.warehouse = c.warehouse;
    GET DIAGNOSTICS affected = ROW_COUNT;
    IF affected <> json_array_length(deltas) THEN
      RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
    END IF;
  END IF;
  IF opened IS NOT NULL THEN
    INSERT INTO holdfast.transaction (
      id, state, reason, note, branch_count, is_asking, content_hash, reference, metadata, shortages, origin, holder, created_at, expires_at,
      decided_at, updated_at
    )
    SELECT id, state, reason, note, branch_count, nullif(coalesce(is_asking, branch_count > 0), false), decode(content_hash, 'hex'),
           reference, metadata::json, shortages, origin, c.holder,
           holdfast.from_epoch_ms(created_ms), holdfast.from_epoch_ms(expires_ms), holdfast.from_epoch_ms(decided_ms),
           holdfast.from_epoch_ms(updated_ms)
    FROM json_to_recordset(opened) c (
      id uuid, state holdfast.transaction_state, reason holdfast.cancel_reason, note text, branch_count smallint, is_asking boolean,
      content_hash text,
      reference text, metadata text, shortages json, origin text, holder uuid, created_ms bigint, expires_ms bigint, decided_ms bigint, updated_ms bigint
    )
    ORDER BY id;
  END IF;
  IF opened_items IS NOT NULL THEN
    INSERT INTO holdfast.reservation (transaction_id, sku, warehouse, quantity, state, deducted, refunded, created_at)
    SELECT transaction_id, sku, warehouse, quantity, state, deducted, refunded, holdfast.from_epoch_ms(created_ms)
    FROM json_to_recordset(opened_items) c (
      transaction_id uuid, sku text, warehouse text, quantity bigint, state holdfast.item_state, deducted bigint, refunded bigint,
      created_ms bigint
    );
  END IF;
  IF opened_branches IS NOT NULL THEN
    INSERT INTO holdfast.branch (
      transaction_id, id, position, participant, state, phase, attempts, failures, attempts_in_all, attempted_at, last_error,
      next_attempt_at, lease_holder, fence, needs_attention, resolved, traceparent, payload
    )
    SELECT transaction_id, id, position, participant, state, phase, attempts, failures, attempts_in_all, NULL, last_error,
           CASE WHEN under_way AND holder IS NULL THEN clock_timestamp() ELSE holdfast.from_epoch_ms(next_attempt_ms) END,
           CASE WHEN under_way THEN holder END, fence, needs_attention, resolved, traceparent, payload::json
    FROM json_to_recordset(opened_branches) c (
      transaction_id uuid, id uuid, position smallint, participant text, state holdfast.branch_state, phase holdfast.branch_phase,
      attempts integer, failures integer, attempts_in_all integer, last_error text, next_attempt_ms bigint, under_way boolean,
      fence bigint, needs_attention boolean, resolved boolean, traceparent text, payload text
    );
  END IF;
  IF attempts IS NOT NULL THEN
    INSERT INTO holdfast.attempt (
      transaction_id, branch_id, slot, sequence, at, phase, attempt, outcome, status, error, duration_ms, from_state, to_state
    )
    SELECT transaction_id, branch_id, sequence % 50, sequence, holdfast.from_epoch_ms(at_ms), phase, attempt, outcome, status, error,
           duration_ms, from_state, to_state
    FROM json_to_recordset(attempts) c (
      transaction_id uuid, branch_id uuid, sequence integer, at_ms bigint, phase holdfast.branch_phase, attempt integer,
      outcome holdfast.call_outcome, status smallint, error text, duration_ms integer, from_state holdfast.branch_state,
      to_state holdfast.branch_state
    )
    ON CONFLICT (transaction_id, branch_id, slot) DO UPDATE
    SET sequence = excluded.sequence, at = excluded.at, phase = excluded.phase, attempt = excluded.attempt,
        outcome = excluded.outcome, status = excluded.status, error = excluded.error, duration_ms = excluded.duration_ms,
        from_state = excluded.from_state, to_state = excluded.to_state;
  END IF;
  -- First: one may be removed and registered again in the same batch, and nothing of the old registration is left.
  IF removed_participants IS NOT NULL THEN
    DELETE FROM holdfast.participant p
    USING json_to_recordset(removed_participants) c (name text)
    WHERE p.name = c.name;
  END IF;
  IF participants IS NOT NULL THEN
    INSERT INTO holdfast.participant (
      name, url, timeout_ms, max_concurrency, retry_initial_ms, retry_max_ms, retry_attention_after, created_at, updated_at
    )
    SELECT name, url, timeout_ms, max_concurrency, retry_initial_ms, retry_max_ms, retry_attention_after,
           holdfast.from_epoch_ms(created_ms), holdfast.from_epoch_ms(updated_ms)
    FROM json_to_recordset(participants) c (
      name text, url text, timeout_ms integer, max_concurrency integer, retry_initial_ms integer, retry_max_ms integer,
      retry_attention_after integer, created_ms bigint, updated_ms bigint
    )
    ORDER BY name COLLATE "C"
    ON CONFLICT (name) DO UPDATE
    SET url = excluded.url, timeout_ms = excluded.timeout_ms, max_concurrency = excluded.max_concurrency,
        retry_initial_ms = excluded.retry_initial_ms, retry_max_ms = excluded.retry_max_ms,
        retry_attention_after = excluded.retry_attention_after, updated_at = excluded.updated_at;
    -- The insert above has waited for whoever registered it at the same time: of two that made a secret, one is shown, and lasts.
    IF EXISTS (
      SELECT 1 FROM json_to_recordset(participants) c (name text, secret text, is_secret_made boolean)
      JOIN holdfast.participant_secret s ON s.participant = c.name AND s.secret <> c.secret
      WHERE c.is_secret_made
    ) THEN
      RAISE EXCEPTION 'holdfast: compare-and-set failed' USING ERRCODE = 'HF001';
    END IF;
    -- The one before goes on signing beside the new one for a day.
    INSERT INTO holdfast.participant_secret AS s (participant, secret)
    SELECT name, secret FROM json_to_recordset(participants) c (name text, secret text) WHERE secret IS NOT NULL
    ORDER BY name COLLATE "C"
    ON CONFLICT (participant) DO UPDATE
    SET secret = excluded.secret, previous = s.secret, previous_until = clock_timestamp() + interval '24 hours'
    WHERE s.secret <> excluded.secret;
  END IF;
  IF movements IS NOT NULL THEN
    INSERT INTO holdfast.movement (
      id, sku, warehouse, kind, quantity, delta, reason, content_hash, at,
      available_after, reserved_after, deducted_after, version_after, refusal
    )
    SELECT id, sku, warehouse, kind, quantity, delta, reason, decode(content_hash, 'hex'), holdfast.from_epoch_ms(at_ms),
           available_after, reserved_after, deducted_after, version_after, refusal
    FROM json_to_recordset(movements) c (
      id uuid, sku text, warehouse text, kind holdfast.movement_kind, quantity bigint, delta bigint, reason text, content_hash text,
      at_ms bigint, available_after bigint, reserved_after bigint, deducted_after bigint, version_after bigint, refusal json
    )
    ORDER BY id;
  END IF;
  IF refunds IS NOT NULL THEN
    INSERT INTO holdfast.refund (transaction_id, id, content_hash, at, refusal)
    SELECT transaction_id, id, decode(content_hash, 'hex'), holdfast.from_epoch_ms(at_ms), refusal
    FROM json_to_recordset(refunds) c (transaction_id uuid, id uuid, content_hash text, at_ms bigint, refusal json)
    ORDER BY transaction_id, id;
  END IF;
  IF events IS NOT NULL THEN
    INSERT INTO holdfast.event (transaction_id, at, event, from_state, to_state, detail)
    SELECT transaction_id, holdfast.from_epoch_ms(at_ms), event, from_state, to_state, detail
    FROM json_to_recordset(events) c (
      transaction_id uuid, at_ms bigint, event text, from_state holdfast.transaction_state, to_state holdfast.transaction_state,
      detail json
    );
  END IF;
  IF acts IS NOT NULL THEN
    PERFORM holdfast.record_acts(acts);
  END IF;
END
$$;
