-- The optimistic path of participants' replies: in one statement, take down every reply that says "done" to what was asked, and name
-- those it took. The rest (late ones, and all that say anything else) is decided one by one on the exact path.
--
--   transactions, branches, phases, fences, statuses, durations_ms   the replies, pairwise, sorted by transaction and branch
--   move_phases, move_from, move_to            what the machines in workflows/ let a branch do when a phase is done, pairwise
--   settle_phases, settle_from, settle_to, settle_events   and what they let a transaction do when the last of its branches is;
--                                              pairwise. The first is the phase of the Try
--
-- Returns {now, done: [positions in the replies], moved: [documents of the transactions that changed their state]}
--
-- Left undone: a reply under another fence than the branch's (I11), of another phase, of a branch that nobody is asking, or
-- of a transaction that is not in the phase's state (a Try that answers while its transaction is cancelled).
--
-- Lock order (docs/design.md): transactions by id, then branches by transaction and id.
CREATE OR REPLACE FUNCTION holdfast.apply_replies(
  transactions uuid[], branches uuid[], phases holdfast.branch_phase[], fences bigint[], statuses smallint[], durations_ms int[],
  move_phases holdfast.branch_phase[], move_from holdfast.branch_state[], move_to holdfast.branch_state[],
  settle_phases holdfast.branch_phase[], settle_from holdfast.transaction_state[], settle_to holdfast.transaction_state[],
  settle_events text[]
) RETURNS text LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET random_page_cost = 0.01
AS $$
DECLARE
  now timestamptz;
  done_positions int[];
  touched uuid[];
  moved uuid[];
BEGIN
  PERFORM 1 FROM holdfast.transaction t WHERE t.id = ANY (transactions) ORDER BY t.id FOR NO KEY UPDATE;
  PERFORM 1
  FROM unnest(transactions, branches) r (transaction_id, id)
  JOIN holdfast.branch b ON b.transaction_id = r.transaction_id AND b.id = r.id
  ORDER BY b.transaction_id, b.id
  FOR UPDATE OF b;
  now := date_trunc('milliseconds', clock_timestamp());

  WITH done AS (
    UPDATE holdfast.branch b
    SET state = m.to_state, lease_holder = NULL, claimed_by = NULL, attempts = b.attempts + 1, attempts_in_all = b.attempts_in_all + 1,
        attempted_at = now, last_error = NULL, needs_attention = false
    FROM unnest(transactions, branches, phases, fences, statuses, durations_ms) WITH ORDINALITY
        r (transaction_id, id, phase, fence, status, duration_ms, position)
      CROSS JOIN unnest(move_phases, move_from, move_to) m (phase, from_state, to_state)
      CROSS JOIN unnest(settle_phases, settle_from) s (phase, state)
      JOIN holdfast.transaction t ON t.id = r.transaction_id
    WHERE b.transaction_id = r.transaction_id AND b.id = r.id AND b.fence = r.fence AND b.phase = r.phase
      AND b.lease_holder IS NOT NULL AND m.phase = r.phase AND m.from_state = b.state AND s.phase = r.phase AND t.state = s.state
    RETURNING r.position, b.transaction_id, b.id, b.attempts_in_all, b.phase, b.attempts, r.status, r.duration_ms, m.from_state, m.to_state
  ), kept AS (
    INSERT INTO holdfast.attempt (
      transaction_id, branch_id, slot, sequence, at, phase, attempt, outcome, status, error, duration_ms, from_state, to_state
    )
    SELECT d.transaction_id, d.id, d.attempts_in_all % 50, d.attempts_in_all, now, d.phase, d.attempts, 'done', d.status, NULL,
           d.duration_ms, d.from_state, d.to_state
    FROM done d
    ON CONFLICT (transaction_id, branch_id, slot) DO UPDATE
    SET sequence = excluded.sequence, at = excluded.at, phase = excluded.phase, attempt = excluded.attempt,
        outcome = excluded.outcome, status = excluded.status, error = excluded.error, duration_ms = excluded.duration_ms,
        from_state = excluded.from_state, to_state = excluded.to_state
  )
  SELECT coalesce(array_agg(d.position), '{}'), coalesce(array_agg(DISTINCT d.transaction_id), '{}')
  INTO done_positions, touched FROM done d;

  -- Nobody has anything more to do for it: a branch that is not through with its phase is under way or waits.
  WITH changed AS (
    UPDATE holdfast.transaction t
    SET state = CASE
          WHEN (s.phase <> settle_phases[1] OR t.expires_at > now) AND NOT EXISTS (
            SELECT 1 FROM holdfast.branch b
            WHERE b.transaction_id = t.id AND (b.lease_holder IS NOT NULL OR b.next_attempt_at IS NOT NULL)
          ) THEN s.to_state
          ELSE t.state
        END,
        needs_attention = t.needs_attention AND EXISTS (
          SELECT 1 FROM holdfast.branch b WHERE b.transaction_id = t.id AND b.needs_attention
        ),
        updated_at = now
    FROM unnest(settle_phases, settle_from, settle_to, settle_events) s (phase, from_state, to_state, event)
    WHERE t.id = ANY (touched) AND t.state = s.from_state
    RETURNING t.id, t.state, s.from_state, s.event
  ), told AS (
    INSERT INTO holdfast.event (transaction_id, at, event, from_state, to_state)
    SELECT c.id, now, c.event, c.from_state, c.state FROM changed c WHERE c.state <> c.from_state
  )
  SELECT array_agg(c.id) INTO moved FROM changed c WHERE c.state <> c.from_state;

  RETURN json_build_object(
    'now', holdfast.epoch_ms(now), 'done', done_positions,
    'moved', (SELECT json_agg(d.document) FROM holdfast.transaction_document d WHERE d.id = ANY (moved))
  );
END
$$;
