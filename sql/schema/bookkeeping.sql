-- Where the migrations keep account of themselves. Run before anything else, each time.
CREATE SCHEMA IF NOT EXISTS holdfast;
CREATE TABLE IF NOT EXISTS holdfast.schema_migration (
  -- A file of sql/migrations, or 'functions' for all of sql/functions and sql/views, or 'grants' for sql/grants.
  name text PRIMARY KEY,
  -- SHA-256 of the text that was run; of 'grants', also of what is granted since.
  digest text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);
