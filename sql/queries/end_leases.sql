-- Ends the leases that ran out, and $1's (null: nobody's) where it stops; see functions/end_leases.sql.
SELECT holdfast.end_leases($1)
