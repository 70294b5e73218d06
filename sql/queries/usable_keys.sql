-- The keys that may be used now, with what they are recognised by: {now, everMade, keys: [{id, lineage, name, scopes, expiresAt, hash}]}.
SELECT json_build_object(
  'now', holdfast.epoch_ms(clock_timestamp()),
  'everMade', EXISTS (SELECT FROM holdfast.api_key),
  'keys', coalesce((
    SELECT json_agg(json_build_object(
      'id', k.id, 'lineage', k.lineage, 'name', k.name, 'scopes', k.scopes, 'expiresAt', holdfast.epoch_ms(k.expires_at),
      'hash', encode(k.hash, 'hex')
    ))
    FROM holdfast.api_key k
    WHERE k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp())
  ), '[]')
)::text
