-- What is to be taken into the chain next. $1 how many at most
-- Answers one row: the last link (null where there is none), the entries in order (null where none waits), the clock in ms.
SELECT
  (SELECT d.document FROM holdfast.audit_link_document d ORDER BY d.number DESC LIMIT 1)::text,
  (
    SELECT json_agg(d.document ORDER BY d.id)
    FROM (
      SELECT p.entry_id FROM holdfast.audit_pending p
      -- One that somebody removed waits for ever, and must hold up no other.
      WHERE EXISTS (SELECT FROM holdfast.audit_entry e WHERE e.id = p.entry_id)
      ORDER BY p.entry_id LIMIT $1
    ) w
    JOIN holdfast.audit_entry_document d ON d.id = w.entry_id
  )::text,
  holdfast.epoch_ms(date_trunc('milliseconds', clock_timestamp()))::text
