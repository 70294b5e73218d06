-- $1 the id, $2 acts
SELECT holdfast.revoke_key($1, $2)::text
