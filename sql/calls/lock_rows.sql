-- The locks and the look of the exact path; its parameters stand in functions/lock_rows.sql.
SELECT holdfast.lock_rows($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
