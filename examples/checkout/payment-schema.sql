-- Owns the payment service's tables, in a schema of its own. A real service makes them by its migrations.
CREATE SCHEMA IF NOT EXISTS payment;

CREATE TABLE IF NOT EXISTS payment.account (
  card text PRIMARY KEY,
  balance_cents bigint NOT NULL,
  -- Set aside by Tries that are not decided yet; still part of the balance.
  held_cents bigint NOT NULL DEFAULT 0,
  CHECK (held_cents >= 0 AND held_cents <= balance_cents)
);

CREATE TABLE IF NOT EXISTS payment.charge (
  -- One use of this service by one transaction, whatever is sent how often.
  branch_id uuid PRIMARY KEY,
  transaction_id uuid NOT NULL,
  card text NOT NULL REFERENCES payment.account,
  cents bigint NOT NULL CHECK (cents > 0),
  state text NOT NULL CHECK (state IN ('HELD', 'CAPTURED', 'RELEASED'))
);
