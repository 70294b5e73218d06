-- Makes the Try's mark, for the Try itself or for a Cancel that came before it. While another transaction is making the
-- same one, this waits for its end. No row comes back where the mark was there already.
--   $1 branch  $2 transaction  $3 who makes it: 'try' or 'cancel'
INSERT INTO holdfast_barrier (branch_id, phase, made_by, transaction_id)
VALUES ($1, 'try', $3, $2)
ON CONFLICT (branch_id, phase) DO NOTHING
RETURNING branch_id
