-- Makes a new key in the place of one that is usable; the old one stays good for an overlap, and no longer than it was. What was replaced
-- once is not again: the new one would end with the overlap.
--   old_id                the key to replace
--   new_id, new_hash      the new one, its hash in hexadecimal; name, scopes, lineage and end are the old one's
--   overlap_ms, most, acts   as create_key has them
-- Returns the new key as api_key_document has it, or {"refusal": "unknown" | "not-usable" | "replaced" | "too-many"}.
CREATE OR REPLACE FUNCTION holdfast.rotate_key(old_id uuid, new_id uuid, new_hash text, overlap_ms bigint, most int, acts json)
RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  now timestamptz;
  old holdfast.api_key;
BEGIN
  SELECT k.* INTO old FROM holdfast.api_key k WHERE k.id = old_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN json_build_object('refusal', 'unknown');
  END IF;
  now := date_trunc('milliseconds', clock_timestamp());
  IF old.revoked_at IS NOT NULL OR old.expires_at <= now THEN
    RETURN json_build_object('refusal', 'not-usable');
  END IF;
  IF old.replaced_by IS NOT NULL THEN
    RETURN json_build_object('refusal', 'replaced');
  END IF;
  IF (SELECT count(*) FROM holdfast.api_key k WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now)) >= most THEN
    RETURN json_build_object('refusal', 'too-many');
  END IF;
  INSERT INTO holdfast.api_key (id, lineage, name, scopes, hash, created_at, expires_at)
  VALUES (new_id, old.lineage, old.name, old.scopes, decode(new_hash, 'hex'), now, old.expires_at);
  UPDATE holdfast.api_key k
  SET expires_at = least(k.expires_at, now + overlap_ms * interval '1 millisecond'), replaced_by = new_id
  WHERE k.id = old_id;
  PERFORM holdfast.record_acts(acts);
  RETURN (SELECT d.document FROM holdfast.api_key_document d WHERE d.id = new_id);
END
$$;
