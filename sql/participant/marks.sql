-- What has been settled of a branch. A statement of its own, after the lock: one that began before the wait would not see
-- what the holder of the lock wrote. $1 branch
SELECT phase, made_by, refusal FROM holdfast_barrier WHERE branch_id = $1
