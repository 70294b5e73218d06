-- $1 the old id, $2 the new id, $3 its hash, $4 the overlap in ms, $5 the most there may be, $6 acts
SELECT holdfast.rotate_key($1, $2, $3, $4, $5, $6)::text
