-- All that is granted in the schema, as one text: what apply.sql was run for, and what it left.
SELECT concat_ws(
  E'\n',
  (SELECT string_agg(r.oid || ' ' || r.rolname, ',' ORDER BY r.oid) FROM pg_catalog.pg_roles r WHERE r.rolname IN ('holdfast_application', 'holdfast_reader')),
  (SELECT n.nspacl::text FROM pg_catalog.pg_namespace n WHERE n.nspname = 'holdfast'),
  (
    SELECT string_agg(concat_ws(' ', c.relname, c.relacl::text), ',' ORDER BY c.relname COLLATE "C")
    FROM pg_catalog.pg_class c WHERE c.relnamespace = 'holdfast'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
  ),
  (
    SELECT string_agg(concat_ws(' ', c.relname, a.attname, a.attacl::text), ',' ORDER BY c.relname COLLATE "C", a.attnum)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'holdfast'::regnamespace AND c.relkind IN ('r', 'p', 'v')
  ),
  (
    SELECT string_agg(concat_ws(' ', p.oid::regprocedure, p.proacl::text), ',' ORDER BY p.proname COLLATE "C", p.oid)
    FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'holdfast'::regnamespace
  )
) AS state
