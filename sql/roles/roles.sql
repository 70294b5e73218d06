-- The two roles that holdfast grants rights to, for a database administrator to run in holdfast's database, once, and again at will.
-- Neither can log in: people and coordinators have logins of their own, which are made members (docs/operations.md, "Roles and secrets").
-- What each may do is granted by `holdfast migrate` (sql/grants), as the owner of the schema.
DO $$
DECLARE
  named text;
BEGIN
  FOREACH named IN ARRAY ARRAY['holdfast_application', 'holdfast_reader'] LOOP
    IF to_regrole(named) IS NULL THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', named);
    END IF;
    -- A database is open to every login of the server, temporary tables included, until somebody says otherwise.
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), named);
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
