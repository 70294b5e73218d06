-- Makes the mark of a Confirm or Cancel. $1 branch  $2 transaction  $3 'confirm' or 'cancel'
INSERT INTO holdfast_barrier (branch_id, phase, made_by, transaction_id)
VALUES ($1, $3, $3, $2)
ON CONFLICT (branch_id, phase) DO NOTHING
RETURNING branch_id
