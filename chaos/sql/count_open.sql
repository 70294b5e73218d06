-- How many transactions have not reached their end.
SELECT count(*)::float8 AS open FROM holdfast.transaction WHERE state IN ('TRYING', 'TRIED', 'CONFIRMING', 'CANCELLING');
