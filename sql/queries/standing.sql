-- How things stand, in one snapshot: every part walks a partial index that holds the open ones only. Where a million are open it
-- takes a few tenths of a second, so whoever asks, asks again only after many times as long.
--
--   $1 how many that are due are counted
--
-- Returns {open: {STATE: {count, oldestAgeMs}}, needingAttention, due: {count, lagMs}, waiting: [{participant, count, overdue}]}
SELECT json_build_object(
  'open', coalesce((
    SELECT json_object_agg(o.state, json_build_object('count', o.count, 'oldestAgeMs', greatest(0, now.ms - o.since)))
    FROM (
      SELECT t.state, count(*) AS count, holdfast.epoch_ms(min(coalesce(t.decided_at, t.created_at))) AS since
      FROM holdfast.transaction t WHERE t.state IN ('TRYING', 'CONFIRMING', 'CANCELLING') GROUP BY t.state
      UNION ALL
      SELECT t.state, count(*), holdfast.epoch_ms(min(t.created_at))
      FROM holdfast.transaction t WHERE t.state IN ('TRYING', 'TRIED') AND t.state = 'TRIED' GROUP BY t.state
    ) o
  ), '{}'),
  'needingAttention', (SELECT count(*) FROM holdfast.transaction t WHERE t.needs_attention),
  'due', (
    SELECT json_build_object('count', count(*), 'lagMs', greatest(0, coalesce(now.ms - holdfast.epoch_ms(min(d.expires_at)), 0)))
    FROM (
      SELECT t.expires_at FROM holdfast.transaction t
      WHERE t.state IN ('TRYING', 'TRIED') AND t.expires_at <= statement_timestamp()
      ORDER BY t.expires_at, t.id LIMIT $1
    ) d
  ),
  'waiting', coalesce((
    SELECT json_agg(json_build_object('participant', w.participant, 'count', w.count, 'overdue', w.overdue))
    FROM (
      SELECT b.participant, count(*) AS count, count(*) FILTER (WHERE b.next_attempt_at <= statement_timestamp()) AS overdue
      FROM holdfast.branch b WHERE b.next_attempt_at IS NOT NULL GROUP BY b.participant
    ) w
  ), '[]')
)::text
FROM (SELECT holdfast.epoch_ms(statement_timestamp()) AS ms) now
