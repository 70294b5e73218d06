-- What the exact path decided; its parameters stand in functions/save_changes.sql.
SELECT holdfast.save_changes($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
