-- The deadlines of open transactions, the earliest first, and how many of them have come. $1 how many  $2 counted up to that
SELECT json_build_object(
  'dueNow', (
    SELECT count(*)
    FROM (
      SELECT FROM holdfast.transaction t
      WHERE t.state IN ('TRYING', 'TRIED') AND t.expires_at <= statement_timestamp()
      ORDER BY t.expires_at, t.id
      LIMIT $2
    ) d
  ),
  'items', coalesce((
    SELECT json_agg(json_build_object(
      'id', n.id, 'reference', n.reference, 'expiresAt', holdfast.epoch_ms(n.expires_at), 'state', n.state
    ) ORDER BY n.expires_at, n.id)
    FROM (
      SELECT t.id, t.reference, t.expires_at, t.state
      FROM holdfast.transaction t
      WHERE t.state IN ('TRYING', 'TRIED')
      ORDER BY t.expires_at, t.id
      LIMIT $1
    ) n
  ), '[]')
)::text
