-- What this login may do to the schema: bring it up to date, or at least look at how far it is.
SELECT
  current_user AS login,
  CASE WHEN n.oid IS NULL THEN has_database_privilege(current_database(), 'CREATE') ELSE has_schema_privilege(n.oid, 'CREATE') END
    AS may_change,
  -- The order counts: without USAGE of the schema, a look at the table by its name is an error.
  n.oid IS NOT NULL AND has_schema_privilege(n.oid, 'USAGE') AND EXISTS (
    SELECT 1 FROM pg_catalog.pg_class c
    WHERE c.relnamespace = n.oid AND c.relname = 'schema_migration' AND has_table_privilege(c.oid, 'SELECT')
  ) AS may_look,
  n.oid IS NOT NULL AS exists
FROM (SELECT) one
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'holdfast'
