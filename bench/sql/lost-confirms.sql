-- How many of the transactions that callers were told are CONFIRMED are not.
-- $1 uuid[]: their ids.
SELECT count(*) FILTER (WHERE transaction.state IS DISTINCT FROM 'CONFIRMED')::float8 AS lost
FROM unnest($1::uuid[]) AS told (id)
LEFT JOIN holdfast.transaction USING (id);
