-- Writes acts that are no part of another commit. $1 acts, as functions/record_acts.sql takes them
SELECT holdfast.record_acts($1)
