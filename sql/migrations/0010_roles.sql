-- How young history is safe from retention, whoever asks for it: the function that removes it (functions/retire_transactions.sql) runs
-- with the owner's rights, so the owner says here what it must refuse, and nobody else may change it. One row. Raise it to what
-- HOLDFAST_RETENTION_DAYS is (docs/operations.md, "Roles and secrets").
CREATE TABLE holdfast.retention (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  least_days integer NOT NULL DEFAULT 1 CHECK (least_days >= 1)
);
INSERT INTO holdfast.retention DEFAULT VALUES;
