-- Remote branches: who takes part, what is being done about each branch, every attempt, and the leases of the coordinators that
-- do it. Invariants named here (I9 …) are those of docs/design.md.

CREATE TYPE holdfast.branch_state AS ENUM ('REGISTERED', 'TRIED', 'REFUSED', 'CONFIRMED', 'CANCELLED');
CREATE TYPE holdfast.branch_phase AS ENUM ('try', 'confirm', 'cancel');
CREATE TYPE holdfast.call_outcome AS ENUM ('done', 'refused', 'not-yet', 'failed');

CREATE TABLE holdfast.participant (
  name text COLLATE "C" PRIMARY KEY,
  url text NOT NULL,
  timeout_ms integer NOT NULL,
  max_concurrency integer NOT NULL,
  retry_initial_ms integer NOT NULL,
  retry_max_ms integer NOT NULL,
  retry_attention_after integer NOT NULL,
  -- What calls to it are signed with; never shown again.
  secret text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

-- One row per running coordinator. What it holds is anybody's once its lease has ended (I11).
CREATE TABLE holdfast.coordinator (
  id uuid PRIMARY KEY,
  -- Host and process, for people.
  name text NOT NULL,
  started_at timestamptz NOT NULL,
  lease_until timestamptz NOT NULL
);

-- One row per remote branch of a transaction, made with it (I9). A third of each page stays free: the updates of a branch that
-- never has to wait touch no index.
CREATE TABLE holdfast.branch (
  transaction_id uuid NOT NULL,
  id uuid NOT NULL,
  -- Its place in the Try.
  position smallint NOT NULL,
  participant text COLLATE "C" NOT NULL,
  state holdfast.branch_state NOT NULL,
  -- What its participant is asked for now, or was last.
  phase holdfast.branch_phase NOT NULL,
  -- Those of the present phase; of these, that failed; and those of all phases.
  attempts integer NOT NULL DEFAULT 0,
  failures integer NOT NULL DEFAULT 0,
  attempts_in_all integer NOT NULL DEFAULT 0,
  attempted_at timestamptz,
  last_error text,
  -- When it is to be asked again, where it waits.
  next_attempt_at timestamptz,
  -- Which coordinator is asking it, where one is.
  lease_holder uuid,
  -- Grows with every grant, so that a reply to an earlier one changes nothing (I11).
  fence bigint NOT NULL,
  needs_attention boolean NOT NULL DEFAULT false,
  resolved boolean NOT NULL DEFAULT false,
  traceparent text NOT NULL,
  -- json, not jsonb: the participant gets what the caller sent, in its order.
  payload json,
  PRIMARY KEY (transaction_id, id),
  CHECK ((next_attempt_at IS NULL OR lease_holder IS NULL) AND (state < 'CONFIRMED' OR (next_attempt_at IS NULL AND lease_holder IS NULL)))
) WITH (fillfactor = 66);
-- What waits to be asked again, by participant, oldest first. It holds nothing of a branch that is never kept waiting.
CREATE INDEX branch_by_next_attempt ON holdfast.branch (participant, next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- The last 50 attempts of each branch: slot is the attempt's number modulo 50, so that a newer one takes the place of an older (I12).
CREATE TABLE holdfast.attempt (
  transaction_id uuid NOT NULL,
  branch_id uuid NOT NULL,
  slot smallint NOT NULL,
  -- Counted over all phases, from 1.
  sequence integer NOT NULL,
  at timestamptz NOT NULL,
  phase holdfast.branch_phase NOT NULL,
  -- Counted within the phase, from 1.
  attempt integer NOT NULL,
  outcome holdfast.call_outcome NOT NULL,
  -- The HTTP status; null where there was no answer.
  status smallint,
  error text,
  duration_ms integer NOT NULL,
  from_state holdfast.branch_state NOT NULL,
  to_state holdfast.branch_state NOT NULL,
  PRIMARY KEY (transaction_id, branch_id, slot)
);
