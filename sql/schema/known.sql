-- What was applied so far.
SELECT name, digest FROM holdfast.schema_migration
