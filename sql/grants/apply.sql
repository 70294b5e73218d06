-- Who may do what in the schema besides its owner; run by `migrate` wherever what is granted is not what stands here. A role that does
-- not exist is left out (sql/roles/roles.sql makes them), and so is a table that this version does not have. A table that is not listed
-- is granted to nobody, and test/integration/roles.test.ts fails.
DO $$
DECLARE
  application CONSTANT regrole := to_regrole('holdfast_application');
  reader CONSTANT regrole := to_regrole('holdfast_reader');
  grantee regrole;
  one record;
BEGIN
  IF application IS NULL AND reader IS NULL THEN
    RETURN;
  END IF;
  REVOKE ALL ON SCHEMA holdfast FROM PUBLIC;
  REVOKE ALL ON ALL TABLES IN SCHEMA holdfast FROM PUBLIC;
  REVOKE ALL ON ALL SEQUENCES IN SCHEMA holdfast FROM PUBLIC;
  REVOKE ALL ON ALL ROUTINES IN SCHEMA holdfast FROM PUBLIC;
  FOREACH grantee IN ARRAY array_remove(ARRAY[application, reader], NULL) LOOP
    EXECUTE format('REVOKE ALL ON SCHEMA holdfast FROM %s', grantee);
    EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA holdfast FROM %s', grantee);
    EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA holdfast FROM %s', grantee);
    EXECUTE format('REVOKE ALL ON ALL ROUTINES IN SCHEMA holdfast FROM %s', grantee);
    EXECUTE format('GRANT USAGE ON SCHEMA holdfast TO %s', grantee);
  END LOOP;

  FOR one IN
    SELECT c.oid::regclass AS name, listed.insert, listed.delete,
           string_agg(quote_ident(a.attname), ', ') FILTER (WHERE listed.update AND a.attname <> ALL (listed.fixed)) AS changing,
           string_agg(quote_ident(a.attname), ', ') FILTER (WHERE listed.secret <> '{*}' AND a.attname <> ALL (listed.secret)) AS shown
    FROM (VALUES
      -- The table; what the application may do besides SELECT; which columns it may never UPDATE; which columns people may not read.
      ('stock', true, true, false, ARRAY['sku', 'warehouse'], ARRAY[]::text[]),
      -- What was asked for, and when, stays as it came: so nothing is made to look old enough for retention.
      ('transaction', true, true, false,
        ARRAY['id', 'branch_count', 'content_hash', 'reference', 'metadata', 'shortages', 'origin', 'holder', 'created_at',
          'retired_at'], '{}'),
      ('reservation', true, true, false, ARRAY['transaction_id', 'sku', 'warehouse', 'quantity', 'created_at'], '{}'),
      ('branch', true, true, false, ARRAY['transaction_id', 'id', 'position', 'participant', 'payload'], '{}'),
      -- The last 50 of each branch: a newer one takes the place of an older (I12).
      ('attempt', true, true, false, ARRAY['transaction_id', 'branch_id', 'slot'], '{}'),
      ('participant', true, true, true, ARRAY['name', 'created_at'], ARRAY['secret']),
      ('participant_secret', true, true, true, ARRAY['participant'], ARRAY['*']),
      ('coordinator', true, true, true, ARRAY['id', 'name', 'started_at'], '{}'),
      -- History only grows, and retention alone takes from it (functions/retire_transactions.sql).
      ('movement', true, false, false, '{}', '{}'),
      ('refund', true, false, false, '{}', '{}'),
      ('event', true, false, false, '{}', '{}'),
      ('carried', false, false, false, '{}', '{}'),
      ('retention', false, false, false, '{}', '{}'),
      ('schema_migration', false, false, false, '{}', '{}'),
      -- Who may call, and what was done in whose name.
      -- A key ends; it never comes to be another, nor to do more.
      ('api_key', true, true, false, ARRAY['id', 'lineage', 'name', 'scopes', 'hash', 'created_at'], ARRAY['hash']),
      ('audit_entry', true, false, false, '{}', '{}'),
      ('audit_link', true, false, false, '{}', '{}'),
      ('audit_pending', true, false, true, '{}', '{}'),
      -- Views.
      ('api_key_document', false, false, false, '{}', '{}'),
      ('audit_entry_document', false, false, false, '{}', '{}'),
      ('audit_link_document', false, false, false, '{}', '{}'),
      ('participant_document', false, false, false, '{}', '{}'),
      ('transaction_document', false, false, false, '{}', '{}')
    ) listed (name, insert, update, delete, fixed, secret)
    JOIN pg_catalog.pg_class c ON c.relname = listed.name AND c.relnamespace = 'holdfast'::regnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p', 'v')
    GROUP BY c.oid, listed.insert, listed.delete
    ORDER BY c.oid
  LOOP
    IF application IS NOT NULL THEN
      EXECUTE format('GRANT SELECT ON TABLE %s TO %s', one.name, application);
      IF one.insert THEN
        EXECUTE format('GRANT INSERT ON TABLE %s TO %s', one.name, application);
      END IF;
      IF one.changing IS NOT NULL THEN
        EXECUTE format('GRANT UPDATE (%s) ON TABLE %s TO %s', one.changing, one.name, application);
      END IF;
      IF one.delete THEN
        EXECUTE format('GRANT DELETE ON TABLE %s TO %s', one.name, application);
      END IF;
    END IF;
    IF reader IS NOT NULL AND one.shown IS NOT NULL THEN
      EXECUTE format('GRANT SELECT (%s) ON TABLE %s TO %s', one.shown, one.name, reader);
    END IF;
  END LOOP;

  -- What numbers the rows of a table that it inserts into; an identity column needs no right of its own.
  IF application IS NOT NULL THEN
    FOR one IN
      SELECT s.oid::regclass AS name
      FROM pg_catalog.pg_class s
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype = 'a'
      WHERE s.relkind = 'S' AND s.relnamespace = 'holdfast'::regnamespace AND has_table_privilege(application, d.refobjid, 'INSERT')
    LOOP
      EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', one.name, application);
    END LOOP;
    -- All but one run with the rights of whoever calls them.
    EXECUTE format('GRANT EXECUTE ON ALL ROUTINES IN SCHEMA holdfast TO %s', application);
  END IF;
  IF reader IS NOT NULL THEN
    -- What the views are made of.
    EXECUTE format('GRANT EXECUTE ON FUNCTION holdfast.epoch_ms, holdfast.from_epoch_ms TO %s', reader);
  END IF;
END
$$;
