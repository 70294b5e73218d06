-- Ends a key at once. Again, it changes nothing.  key_id  the key;  acts  as record_acts takes them
-- Returns the key as api_key_document has it, or {"refusal": "unknown"}.
CREATE OR REPLACE FUNCTION holdfast.revoke_key(key_id uuid, acts json) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
  UPDATE holdfast.api_key k SET revoked_at = date_trunc('milliseconds', clock_timestamp())
  WHERE k.id = key_id AND k.revoked_at IS NULL;
  IF FOUND THEN
    PERFORM holdfast.record_acts(acts);
  ELSIF NOT EXISTS (SELECT FROM holdfast.api_key k WHERE k.id = key_id) THEN
    RETURN json_build_object('refusal', 'unknown');
  END IF;
  RETURN (SELECT d.document FROM holdfast.api_key_document d WHERE d.id = key_id);
END
$$;
