-- What stands in the ledger of the transaction and the branch that a participant is called for, at this moment (I9).
-- $1 uuid: the transaction. $2 uuid: the branch.
SELECT
  (SELECT transaction.state::text FROM holdfast.transaction WHERE transaction.id = $1::uuid) AS state,
  EXISTS (SELECT FROM holdfast.branch WHERE branch.transaction_id = $1::uuid AND branch.id = $2::uuid) AS recorded
