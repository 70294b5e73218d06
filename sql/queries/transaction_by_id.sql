-- One transaction with its items and what happened to it. $1 id
SELECT holdfast.transaction_document(t)::text AS document,
  (
    SELECT json_agg(json_build_array(holdfast.epoch_ms(e.at), e.event, e.from_state, e.to_state, e.detail) ORDER BY e.sequence)
    FROM holdfast.event e WHERE e.transaction_id = t.id
  )::text AS events
FROM holdfast.transaction t
WHERE t.id = $1
