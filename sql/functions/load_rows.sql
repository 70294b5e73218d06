-- Reads the rows that a batch's decisions see, all from the caller's one snapshot (STABLE), and the clock. Locks nothing.
--   transaction_ids        transactions named by the batch
--   settling_ids           those of them whose items may move
--   skus, warehouses       stock named by baskets and movements, pairwise
--   counted_skus           SKUs of which every warehouse is wanted
--   movement_ids           movements named by the batch
--   refund_transaction_ids, refund_ids   refunds named by the batch, pairwise
--   participant_names      participants that Tries name
--   changed_participants   participants that are put or removed: of these it is told whether they are in use, and have a secret
-- Returns {now, transactions: […], stock: [[sku, warehouse, available, reserved, deducted, version]], movements: […], refunds: […],
-- participants: [[participant, in use, SHA-256 of its secret]]}, with the stock of the settling transactions' items too.
CREATE OR REPLACE FUNCTION holdfast.load_rows(
  transaction_ids uuid[], settling_ids uuid[], skus text[], warehouses text[], counted_skus text[],
  movement_ids uuid[], refund_transaction_ids uuid[], refund_ids uuid[],
  participant_names text[], changed_participants text[]
) RETURNS text LANGUAGE sql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET random_page_cost = 0.01
AS $$
SELECT json_build_object(
  'now', holdfast.epoch_ms(date_trunc('milliseconds', clock_timestamp())),
  'transactions', (SELECT json_agg(d.document) FROM holdfast.transaction_document d WHERE d.id = ANY (transaction_ids)),
  'stock', (
    SELECT json_agg(json_build_array(s.sku, s.warehouse, s.available, s.reserved, s.deducted, s.version))
    FROM (
      SELECT sku, warehouse FROM unnest(skus, warehouses) named (sku, warehouse)
      UNION
      SELECT r.sku, r.warehouse FROM holdfast.reservation r WHERE r.transaction_id = ANY (settling_ids)
      UNION
      SELECT c.sku, c.warehouse FROM holdfast.stock c WHERE c.sku = ANY (counted_skus)
    ) wanted
    JOIN holdfast.stock s USING (sku, warehouse)
  ),
  'movements', (
    SELECT json_agg(json_build_object(
      'id', m.id, 'contentHash', encode(m.content_hash, 'hex'), 'sku', m.sku, 'warehouse', m.warehouse, 'kind', m.kind,
      'quantity', m.quantity, 'reason', m.reason, 'at', holdfast.epoch_ms(m.at), 'refusal', m.refusal,
      'after', json_build_array(m.sku, m.warehouse, m.available_after, m.reserved_after, m.deducted_after, m.version_after)
    ))
    FROM holdfast.movement m WHERE m.id = ANY (movement_ids)
  ),
  'refunds', (
    SELECT json_agg(json_build_object(
      'transactionId', f.transaction_id, 'id', f.id, 'contentHash', encode(f.content_hash, 'hex'), 'refusal', f.refusal
    ))
    FROM unnest(refund_transaction_ids, refund_ids) named (transaction_id, id)
    JOIN holdfast.refund f USING (transaction_id, id)
  ),
  'participants', (
    SELECT json_agg(json_build_array(
      d.document, d.name = ANY (changed_participants) AND holdfast.participant_is_in_use(d.name),
      CASE WHEN d.name = ANY (changed_participants) THEN (
        SELECT encode(sha256(convert_to(s.secret, 'UTF8')), 'hex') FROM holdfast.participant_secret s WHERE s.participant = d.name
      ) END
    ))
    FROM holdfast.participant_document d WHERE d.name = ANY (participant_names || changed_participants)
  )
)::text
$$;
