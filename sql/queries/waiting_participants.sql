-- The participants of which some branch waits, and whether the oldest is due: by hopping along the index, one look-up each.
WITH RECURSIVE waiting (name, earliest) AS (
  (
    SELECT b.participant, b.next_attempt_at
    FROM holdfast.branch b WHERE b.next_attempt_at IS NOT NULL
    ORDER BY b.participant, b.next_attempt_at LIMIT 1
  )
  UNION ALL
  SELECT following.participant, following.next_attempt_at
  FROM waiting
  CROSS JOIN LATERAL (
    SELECT b.participant, b.next_attempt_at
    FROM holdfast.branch b WHERE b.next_attempt_at IS NOT NULL AND b.participant > waiting.name
    ORDER BY b.participant, b.next_attempt_at LIMIT 1
  ) following
)
SELECT json_build_object(
  'participant', d.document, 'isDue', waiting.earliest <= clock_timestamp(), 'now', holdfast.epoch_ms(clock_timestamp())
)::text
FROM waiting
JOIN holdfast.participant_document d ON d.name = waiting.name
