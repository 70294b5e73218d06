-- An owner and a coordinator's login, and holdfast's database, for psql and an administrator of the server; again at will, which gives
-- them the passwords that the files have now. The passwords are read from files in the folder that SECRETS_FOLDER names: they stand on
-- no command line. Run with the server's statement log off (log_statement = none, as it is by default).
\set ON_ERROR_STOP on
\set owner_password `cat "$SECRETS_FOLDER/owner-password"`
\set coordinator_password `cat "$SECRETS_FOLDER/coordinator-password"`
SELECT :'owner_password' = '' OR :'coordinator_password' = '' AS is_missing \gset
\if :is_missing
DO $$ BEGIN RAISE 'a password is missing: SECRETS_FOLDER must have owner-password and coordinator-password'; END $$;
\endif
SELECT 'CREATE ROLE holdfast LOGIN' WHERE to_regrole('holdfast') IS NULL \gexec
SELECT 'CREATE ROLE holdfast_coordinator LOGIN' WHERE to_regrole('holdfast_coordinator') IS NULL \gexec
ALTER ROLE holdfast PASSWORD :'owner_password';
ALTER ROLE holdfast_coordinator PASSWORD :'coordinator_password';
SELECT 'CREATE DATABASE holdfast OWNER holdfast' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'holdfast') \gexec
\connect holdfast
\ir roles.sql
GRANT holdfast_application TO holdfast_coordinator;
