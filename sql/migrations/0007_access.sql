-- Who may call (api_key), and what was done by those who run the service (audit).

CREATE TABLE holdfast.api_key (
  id uuid PRIMARY KEY,
  -- The first key of its rotations; its own id where it is that.
  lineage uuid NOT NULL,
  name text NOT NULL,
  scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
  -- SHA-256 of the secret, which is kept nowhere.
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  replaced_by uuid
);

-- One row per administrative act, written in the commit of the act itself. Nobody changes or removes one: the application's role may
-- not, and the chain would show it.
CREATE TABLE holdfast.audit_entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  act text NOT NULL,
  subject text NOT NULL,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  actor_name text NOT NULL,
  address text NOT NULL,
  note text,
  -- As it was written: text, because its hash counts.
  detail text NOT NULL
);
CREATE INDEX audit_entry_by_subject ON holdfast.audit_entry (subject, id);

-- Which entries are in no link of the chain yet.
CREATE TABLE holdfast.audit_pending (entry_id bigint PRIMARY KEY);

-- The chain (src/access/chain.ts): each link holds the hash of the one before it and of the entries it takes in.
CREATE TABLE holdfast.audit_link (
  number bigint PRIMARY KEY CHECK (number > 0),
  entry_ids bigint[] NOT NULL CHECK (cardinality(entry_ids) > 0),
  previous bytea NOT NULL,
  hash bytea NOT NULL,
  at timestamptz NOT NULL
);
-- Which link took an entry in.
CREATE INDEX audit_link_by_entry ON holdfast.audit_link USING gin (entry_ids);
