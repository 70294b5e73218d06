-- What a coordinator holds, by the ledger: after a commit whose answer was lost, it finds here what it does not know of. A function, so
-- that a plan made for empty tables is still right for full ones.
-- Returns [transaction id, branch id, participant, phase, fence] as text, one for each branch.
--
-- Whoever is under way is so by what was stored last of its transaction (is_asking), or was claimed since (claimed_by). So it costs
-- what is under way, whatever else is unsettled: from those transactions to their branches, one look-up each.
CREATE OR REPLACE FUNCTION holdfast.held_branches(coordinator uuid) RETURNS SETOF text LANGUAGE sql STABLE
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET random_page_cost = 0.01
AS $$
SELECT json_build_array(held.transaction_id, held.id, held.participant, held.phase, held.fence)::text
FROM (
  SELECT t.id FROM holdfast.transaction t WHERE t.is_asking AND t.state IN ('TRYING', 'CONFIRMING', 'CANCELLING')
  UNION
  SELECT b.transaction_id FROM holdfast.branch b WHERE b.claimed_by = coordinator
  ORDER BY id
) asking
CROSS JOIN LATERAL (
  SELECT b.transaction_id, b.id, b.participant, b.phase, b.fence
  FROM holdfast.branch b
  WHERE b.transaction_id = asking.id AND b.lease_holder = coordinator
  OFFSET 0
) held
$$;
