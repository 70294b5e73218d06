-- What cleaning looks through: when branches were settled. Most rows of a busy table are looked at by key only.
CREATE INDEX IF NOT EXISTS holdfast_barrier_settled ON holdfast_barrier (at) WHERE phase <> 'try'
