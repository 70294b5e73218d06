-- Adds a link to the chain; what it takes in waits no longer. Fails where another was faster: the number is taken.
-- $1 number, $2 entries, $3 hash of the link before, $4 its own (both hexadecimal), $5 its time in ms
WITH linked AS (
  INSERT INTO holdfast.audit_link (number, entry_ids, previous, hash, at)
  VALUES ($1, $2, decode($3, 'hex'), decode($4, 'hex'), holdfast.from_epoch_ms($5))
  RETURNING entry_ids
)
DELETE FROM holdfast.audit_pending p USING linked l WHERE p.entry_id = ANY (l.entry_ids)
