-- What a coordinator holds, by the ledger; see functions/held_branches.sql. $1 the coordinator's id
SELECT holdfast.held_branches($1)
