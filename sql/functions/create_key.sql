-- Keeps a new key, and the act with it.
--   key_id, key_name, key_scopes, ends_at_ms (null: never), key_hash (hexadecimal)   the key
--   most    how many keys may be usable at a time
--   adopts  whether the key is given from outside: then one that is there with the same secret stays as it is, revoked or not
--   acts    as record_acts takes them
-- Returns the key as api_key_document has it, or {"refusal": "too-many" | "other-secret" | "not-usable"}.
CREATE OR REPLACE FUNCTION holdfast.create_key(
  key_id uuid, key_name text, key_scopes text[], ends_at_ms bigint, key_hash text, most int, adopts boolean, acts json
) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
  now CONSTANT timestamptz := date_trunc('milliseconds', clock_timestamp());
  affected bigint;
BEGIN
  IF holdfast.from_epoch_ms(ends_at_ms) <= now THEN
    RETURN json_build_object('refusal', 'not-usable');
  END IF;
  IF NOT adopts
    AND (SELECT count(*) FROM holdfast.api_key k WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now)) >= most
  THEN
    RETURN json_build_object('refusal', 'too-many');
  END IF;
  INSERT INTO holdfast.api_key (id, lineage, name, scopes, hash, created_at, expires_at)
  VALUES (key_id, key_id, key_name, key_scopes, decode(key_hash, 'hex'), now, holdfast.from_epoch_ms(ends_at_ms))
  ON CONFLICT (id) DO NOTHING;
  GET DIAGNOSTICS affected = ROW_COUNT;
  IF affected = 1 THEN
    PERFORM holdfast.record_acts(acts);
  ELSIF NOT adopts OR NOT EXISTS (SELECT FROM holdfast.api_key k WHERE k.id = key_id AND k.hash = decode(key_hash, 'hex')) THEN
    RETURN json_build_object('refusal', 'other-secret');
  END IF;
  RETURN (SELECT d.document FROM holdfast.api_key_document d WHERE d.id = key_id);
END
$$;
