-- Participants' secrets stand apart from their registrations: who may read those (people, documents, the console) never reads these.

-- What calls to a participant are signed with; at most two that live, by its form. One that was registered without a secret has no row
-- until it is put again, which makes one and shows it: a secret that nobody was ever shown would prove nothing to anybody.
CREATE TABLE holdfast.participant_secret (
  participant text COLLATE "C" PRIMARY KEY REFERENCES holdfast.participant ON DELETE CASCADE,
  secret text NOT NULL,
  -- The one before, which signs beside it until then, so that a participant may be told of the new one at any time.
  previous text,
  previous_until timestamptz,
  CHECK ((previous IS NULL) = (previous_until IS NULL))
);
INSERT INTO holdfast.participant_secret (participant, secret)
SELECT name, secret FROM holdfast.participant WHERE secret IS NOT NULL;
ALTER TABLE holdfast.participant DROP COLUMN secret;
