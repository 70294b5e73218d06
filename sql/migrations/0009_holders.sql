-- Whose reservations a transaction's are, where it is counted how much one caller holds: the lineage of the key or token that tried it.
-- Null where that is not counted, as without a limit always: then it takes no room.
ALTER TABLE holdfast.transaction ADD COLUMN holder uuid;
CREATE INDEX transaction_by_holder ON holdfast.transaction (holder) WHERE holder IS NOT NULL AND state IN ('TRYING', 'TRIED');
