-- Turns the Try's mark into a refusal, which every repeat of the Try is answered from. $1 branch  $2 reason
UPDATE holdfast_barrier SET refusal = $2 WHERE branch_id = $1 AND phase = 'try'
