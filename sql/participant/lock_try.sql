-- Takes the turn on a branch: every phase holds the Try's mark while it works. $1 branch
SELECT branch_id FROM holdfast_barrier WHERE branch_id = $1 AND phase = 'try' FOR UPDATE
