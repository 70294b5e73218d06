-- Grants a coordinator the lease of branches whose next attempt is due, oldest first. It waits for no lock: what somebody is
-- changing is left to him, so two coordinators never get the same branch (I11).
--   coordinator   who asks; it gets nothing where its own lease has ended
--   names, limits, resumed_ms   participants, how many branches of each at most, and (null, or) a time: branches that were
--                 last attempted before it are due at once, because their participant has come back since; pairwise
-- Returns [[transaction id, branch id, participant, phase, fence]] as text, null where there is nothing to do.
CREATE OR REPLACE FUNCTION holdfast.claim_branches(coordinator uuid, names text[], limits int[], resumed_ms bigint[]) RETURNS text
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET random_page_cost = 0.01
AS $$
DECLARE
  now CONSTANT timestamptz := clock_timestamp();
  calls json;
BEGIN
  -- Whoever ends this lease waits for us, and finds what we are granted here.
  PERFORM 1 FROM holdfast.coordinator c WHERE c.id = coordinator AND c.lease_until > now FOR KEY SHARE;
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  WITH due AS (
    SELECT waiting.transaction_id, waiting.id
    FROM unnest(names, limits, resumed_ms) wanted (name, most, resumed)
    CROSS JOIN LATERAL (
      SELECT b.transaction_id, b.id
      FROM holdfast.branch b
      WHERE b.participant = wanted.name AND b.next_attempt_at IS NOT NULL
        -- Said once more, for the index: where nothing is due ahead of its time, it is read up to now and no further.
        AND b.next_attempt_at <= CASE WHEN wanted.resumed IS NULL THEN now ELSE 'infinity' END
        AND (b.next_attempt_at <= now OR b.attempted_at < holdfast.from_epoch_ms(wanted.resumed))
      ORDER BY b.next_attempt_at
      LIMIT wanted.most
      FOR UPDATE SKIP LOCKED
    ) waiting
  ), granted AS (
    UPDATE holdfast.branch b
    SET lease_holder = coordinator, claimed_by = coordinator, next_attempt_at = NULL, fence = b.fence + 1
    FROM due
    WHERE b.transaction_id = due.transaction_id AND b.id = due.id
    RETURNING b.transaction_id, b.id, b.participant, b.phase, b.fence
  )
  SELECT json_agg(json_build_array(g.transaction_id, g.id, g.participant, g.phase, g.fence)) INTO calls FROM granted g;
  RETURN calls;
END
$$;
