-- What is kept for ever, and what is removed in time: docs/design.md, "Retention".

-- When the body and history of a finished transaction were removed; what is left of it is what the contract keeps for ever
-- (rule 10). Adding the column touches no row.
ALTER TABLE holdfast.transaction ADD COLUMN retired_at timestamptz;

-- Lists are of those that are not retired; and the oldest of these is what retention looks for next. Built anew, under a lock: writers
-- wait for it, some seconds for each ten million transactions.
DROP INDEX holdfast.transaction_by_age;
CREATE INDEX transaction_by_age ON holdfast.transaction (created_at, id) WHERE retired_at IS NULL;

-- What the reservations that were removed came to, all told, so that counters can still be held against rows (I3).
CREATE TABLE holdfast.carried (
  sku text COLLATE "C" NOT NULL,
  warehouse text COLLATE "C" NOT NULL,
  -- Sold, all told; of these, refunded came back.
  deducted bigint NOT NULL,
  refunded bigint NOT NULL,
  -- How many reservations there were, and when the youngest of them was made.
  reservations bigint NOT NULL,
  until timestamptz NOT NULL,
  PRIMARY KEY (sku, warehouse),
  CHECK (refunded BETWEEN 0 AND deducted)
);
