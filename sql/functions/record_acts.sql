-- Writes down administrative acts in the commit of the acts themselves. They wait for their place in the chain without anybody waiting
-- for them (src/keeping/chaining.ts).
--   acts  a list of {act, subject, actor_kind, actor_id, actor_name, address, note, detail}, detail as JSON text
CREATE OR REPLACE FUNCTION holdfast.record_acts(acts json) RETURNS void LANGUAGE sql AS $$
  WITH recorded AS (
    INSERT INTO holdfast.audit_entry (at, act, subject, actor_kind, actor_id, actor_name, address, note, detail)
    SELECT date_trunc('milliseconds', clock_timestamp()), a.act, a.subject, a.actor_kind, a.actor_id, a.actor_name, a.address, a.note, a.detail
    FROM json_to_recordset(acts) a (
      act text, subject text, actor_kind text, actor_id text, actor_name text, address text, note text, detail text
    )
    RETURNING id
  )
  INSERT INTO holdfast.audit_pending (entry_id) SELECT r.id FROM recorded r
$$;
