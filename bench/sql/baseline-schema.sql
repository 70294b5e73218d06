-- The baseline's own tables, in a schema of its own: what a plain service would keep.
CREATE SCHEMA IF NOT EXISTS baseline;
CREATE TABLE IF NOT EXISTS baseline.stock (
  sku text NOT NULL,
  warehouse text NOT NULL,
  available bigint NOT NULL CHECK (available >= 0),
  reserved bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  deducted bigint NOT NULL DEFAULT 0 CHECK (deducted >= 0),
  received bigint NOT NULL,
  PRIMARY KEY (sku, warehouse)
);
CREATE TABLE IF NOT EXISTS baseline.transaction (
  id uuid PRIMARY KEY,
  state text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS baseline.item (
  transaction_id uuid NOT NULL REFERENCES baseline.transaction,
  sku text NOT NULL,
  warehouse text NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (transaction_id, sku, warehouse)
);
