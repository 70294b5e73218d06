-- The look without a lock; its parameters stand in functions/load_rows.sql.
SELECT holdfast.load_rows($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
