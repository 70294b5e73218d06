-- The barrier, in the first schema of the search_path. One row, a mark, per branch and phase: what has been settled here.
-- `made_by` differs from `phase` in one case: the Try's mark that a Cancel made, because the Try had not come.
CREATE TABLE IF NOT EXISTS holdfast_barrier (
  branch_id uuid NOT NULL,
  phase text NOT NULL CHECK (phase IN ('try', 'confirm', 'cancel')),
  made_by text NOT NULL,
  transaction_id uuid NOT NULL,
  refusal text CHECK (refusal IS NULL OR phase = 'try'),
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (branch_id, phase),
  CHECK (made_by = phase OR (phase = 'try' AND made_by = 'cancel'))
)
