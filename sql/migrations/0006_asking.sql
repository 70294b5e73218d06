-- What is under way is found by what is under way, however much waits: a participant that is away for hours leaves hundreds of thousands
-- of transactions unsettled, and a look over all of them would take longer than a statement may (I11).

-- Whether some branch may be under way by the decision, or the reply, that was stored last; null where none is, and then it takes no
-- room. Kept by save_changes. Those that are unsettled by now are looked at until their next reply.
ALTER TABLE holdfast.transaction ADD COLUMN is_asking boolean;
UPDATE holdfast.transaction SET is_asking = true WHERE state IN ('TRYING', 'CONFIRMING', 'CANCELLING') AND branch_count > 0;
CREATE INDEX transaction_by_asking ON holdfast.transaction (id) WHERE is_asking AND state IN ('TRYING', 'CONFIRMING', 'CANCELLING');

-- The lease holder where it claimed the branch, which had waited; null otherwise. So a branch that never has to wait still touches no
-- index.
ALTER TABLE holdfast.branch ADD COLUMN claimed_by uuid;
CREATE INDEX branch_by_claim ON holdfast.branch (claimed_by) WHERE claimed_by IS NOT NULL;
