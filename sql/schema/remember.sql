-- Keeps that a file was run. $1 name  $2 digest
INSERT INTO holdfast.schema_migration (name, digest) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET digest = excluded.digest, applied_at = now()
