-- The ledger: stock counters, transactions, their reservations, movements, refunds and events.
-- Invariants named here (I1 …) are those of docs/design.md.
--
-- No foreign keys between the hot tables: one would cost a look-up and a share lock for every reservation. What they
-- would hold is held by the one function that inserts both (apply_commands, save_changes) and checked by the audits.

CREATE TYPE holdfast.transaction_state AS ENUM ('TRYING', 'TRIED', 'CONFIRMING', 'CONFIRMED', 'CANCELLING', 'CANCELLED');
CREATE TYPE holdfast.cancel_reason AS ENUM ('requested', 'expired', 'insufficient-stock', 'participant-refused', 'cancelled-before-try');
CREATE TYPE holdfast.item_state AS ENUM ('AVAILABLE', 'RESERVED', 'DEDUCTED');
CREATE TYPE holdfast.movement_kind AS ENUM ('RECEIVE', 'WRITE_OFF', 'ADJUST');

-- One CHECK a table: PostgreSQL prepares each anew for every statement, which small batches feel.

-- One row per SKU and warehouse. The CHECK holds I2 below the code. Half of each page stays free, so that every update
-- of a counter is heap-only and touches no index.
CREATE TABLE holdfast.stock (
  sku text COLLATE "C" NOT NULL,
  warehouse text COLLATE "C" NOT NULL,
  available bigint NOT NULL,
  reserved bigint NOT NULL,
  deducted bigint NOT NULL,
  version bigint NOT NULL,
  PRIMARY KEY (sku, warehouse),
  -- Beyond 2^53−1 a JSON number is no longer exact.
  CHECK (least(available, reserved, deducted) >= 0 AND available + reserved + deducted <= 9007199254740991)
) WITH (fillfactor = 50);

CREATE TABLE holdfast.transaction (
  id uuid PRIMARY KEY,
  state holdfast.transaction_state NOT NULL,
  reason holdfast.cancel_reason,
  note text,
  needs_attention boolean NOT NULL DEFAULT false,
  -- How many remote branches it has; those of a transaction without any are settled by its decision.
  branch_count smallint NOT NULL DEFAULT 0,
  -- SHA-256 of the normalised Try (I7); null where the id was cancelled before its Try.
  content_hash bytea,
  reference text,
  -- json, not jsonb: the caller gets back what it sent, in its order.
  metadata json,
  shortages json,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  decided_at timestamptz,
  updated_at timestamptz NOT NULL,
  -- I5, below the code, by the order of the states: what is decided has its time, what is cancelled has its reason.
  CHECK ((decided_at IS NOT NULL) = (state >= 'CONFIRMING') AND (reason IS NOT NULL) = (state >= 'CANCELLING'))
);
-- Lists, newest first.
CREATE INDEX transaction_by_age ON holdfast.transaction (created_at, id);
CREATE INDEX transaction_by_reference ON holdfast.transaction (reference, created_at, id) WHERE reference IS NOT NULL;
-- What operators look for. These hold nothing for a transaction that is decided and done at once, so they cost it nothing.
CREATE INDEX transaction_by_unsettled ON holdfast.transaction (created_at, id) WHERE state IN ('TRYING', 'CONFIRMING', 'CANCELLING');
CREATE INDEX transaction_by_attention ON holdfast.transaction (created_at, id) WHERE needs_attention;
-- What the sweep reads, and lists of what is open. It holds the open ones only, so it stays small.
CREATE INDEX transaction_by_deadline ON holdfast.transaction (expires_at, id) WHERE state IN ('TRYING', 'TRIED');

-- One row per item of a basket. A fifth of each page stays free for the one update most rows ever see.
CREATE TABLE holdfast.reservation (
  transaction_id uuid NOT NULL,
  sku text COLLATE "C" NOT NULL,
  warehouse text COLLATE "C" NOT NULL,
  quantity bigint NOT NULL,
  state holdfast.item_state NOT NULL,
  -- Sold, all told; of these, refunded came back.
  deducted bigint NOT NULL DEFAULT 0,
  refunded bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (transaction_id, sku, warehouse),
  CHECK (quantity > 0 AND deducted <= quantity AND refunded BETWEEN 0 AND deducted AND (state = 'DEDUCTED') = (deducted > refunded))
) WITH (fillfactor = 80);
-- A SKU's history and the transactions that name it, newest first.
CREATE INDEX reservation_by_stock ON holdfast.reservation (sku, created_at, transaction_id);

-- What changed stock outside transactions. delta is what was added to available: 0 where it was refused and kept (I7).
CREATE TABLE holdfast.movement (
  id uuid PRIMARY KEY,
  sku text COLLATE "C" NOT NULL,
  warehouse text COLLATE "C" NOT NULL,
  kind holdfast.movement_kind NOT NULL,
  quantity bigint NOT NULL CHECK (quantity <> 0),
  delta bigint NOT NULL,
  reason text,
  content_hash bytea,
  at timestamptz NOT NULL,
  -- The counters right after it; null where it was refused.
  available_after bigint,
  reserved_after bigint,
  deducted_after bigint,
  version_after bigint,
  -- The problem it was refused with; null where it was applied.
  refusal json,
  CHECK ((refusal IS NULL) = (delta <> 0)),
  CHECK ((refusal IS NULL) = (available_after IS NOT NULL))
);
CREATE INDEX movement_by_stock ON holdfast.movement (sku, at, id);

CREATE TABLE holdfast.refund (
  transaction_id uuid NOT NULL,
  id uuid NOT NULL,
  content_hash bytea NOT NULL,
  at timestamptz NOT NULL,
  refusal json,
  PRIMARY KEY (transaction_id, id)
);

-- What happened to a transaction beyond what its row says: extends, refunds. Its Try and its decision are in the row.
CREATE TABLE holdfast.event (
  transaction_id uuid NOT NULL,
  sequence bigint GENERATED ALWAYS AS IDENTITY,
  at timestamptz NOT NULL,
  event text NOT NULL,
  from_state holdfast.transaction_state,
  to_state holdfast.transaction_state NOT NULL,
  detail json,
  PRIMARY KEY (transaction_id, sequence)
);
