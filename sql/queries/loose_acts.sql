-- Entries that are in no link of the chain: how many wait for one, and the first twenty that do not even wait: they were slipped in, or
-- kept out; and the first twenty that wait and are not there.
WITH linked AS MATERIALIZED (SELECT unnest(l.entry_ids) AS id FROM holdfast.audit_link l)
SELECT
  (SELECT count(*) FROM holdfast.audit_pending)::text,
  (
    SELECT coalesce(json_agg(s.id::text), '[]')
    FROM (
      SELECT e.id FROM holdfast.audit_entry e
      WHERE e.id NOT IN (SELECT l.id FROM linked l) AND e.id NOT IN (SELECT p.entry_id FROM holdfast.audit_pending p)
      ORDER BY e.id LIMIT 20
    ) s
  )::text,
  (
    SELECT coalesce(json_agg(s.entry_id::text), '[]')
    FROM (
      SELECT p.entry_id FROM holdfast.audit_pending p
      WHERE NOT EXISTS (SELECT FROM holdfast.audit_entry e WHERE e.id = p.entry_id)
      ORDER BY p.entry_id LIMIT 20
    ) s
  )::text
