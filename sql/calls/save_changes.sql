-- What the exact path decided; its parameter stands in functions/save_changes.sql.
SELECT holdfast.save_changes($1)
