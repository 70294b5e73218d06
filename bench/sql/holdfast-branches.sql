-- I5 for branches: a transaction is CONFIRMED only when every branch of it is, and all that it was made with are there. Answers the
-- transactions for which that is not so.
SELECT t.id, t.branch_count, count(b.id) AS branches, count(b.id) FILTER (WHERE b.state = 'CONFIRMED') AS confirmed
FROM holdfast.transaction t
LEFT JOIN holdfast.branch b ON b.transaction_id = t.id
WHERE t.state = 'CONFIRMED' AND t.branch_count > 0
GROUP BY t.id
HAVING count(b.id) <> t.branch_count OR count(b.id) FILTER (WHERE b.state = 'CONFIRMED') <> t.branch_count
LIMIT 10;
