-- Claims what is due; its parameters stand in functions/claim_branches.sql.
SELECT holdfast.claim_branches($1, $2, $3, $4)
