-- Each key as the JSON that src/ledger/keys.ts reads: without its hash.
CREATE OR REPLACE VIEW holdfast.api_key_document (id, document) AS
SELECT k.id, json_build_object(
  'id', k.id,
  'lineage', k.lineage,
  'name', k.name,
  'scopes', k.scopes,
  'createdAt', holdfast.epoch_ms(k.created_at),
  'expiresAt', holdfast.epoch_ms(k.expires_at),
  'revokedAt', holdfast.epoch_ms(k.revoked_at),
  'replacedBy', k.replaced_by
)
FROM holdfast.api_key k
