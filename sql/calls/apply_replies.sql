-- The optimistic path of replies; its parameters stand in functions/apply_replies.sql.
SELECT holdfast.apply_replies($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
