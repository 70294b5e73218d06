-- $1 id, $2 name, $3 scopes, $4 end in ms or null, $5 hash, $6 the most there may be, $7 whether it is given from outside, $8 acts
SELECT holdfast.create_key($1, $2, $3, $4, $5, $6, $7, $8)::text
