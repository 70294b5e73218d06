-- Removes what was settled long ago, a bounded number of branches at once, oldest first. A branch with neither Confirm nor
-- Cancel still holds something and stays, however old. Branches that a call is working on are passed over.
--   $1 the age to keep, in ms  $2 how many branches at most
WITH old AS (
  SELECT branch_id
  FROM holdfast_barrier
  WHERE phase <> 'try' AND at < now() - make_interval(secs => $1::double precision / 1000)
  ORDER BY at
  LIMIT $2
), held AS (
  SELECT b.branch_id
  FROM holdfast_barrier b
  WHERE b.phase = 'try' AND b.branch_id IN (SELECT old.branch_id FROM old)
  FOR UPDATE SKIP LOCKED
), removed AS (
  DELETE FROM holdfast_barrier b USING held WHERE b.branch_id = held.branch_id
  RETURNING b.phase
)
SELECT count(*) FILTER (WHERE phase = 'try')::int AS branches, count(*)::int AS rows FROM removed
