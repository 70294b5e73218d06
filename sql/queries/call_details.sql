-- What calls to participants are made of, read when they are about to be made: so a call goes where the participant is registered
-- now, and one whose grant has ended is not made at all. $1, $2 transactions and branches, pairwise
-- Answers one row: the branches' details, each of their participants once, the secrets that calls to those are signed with (the newest
-- first), and the time by the clock that all coordinators share.
WITH wanted AS MATERIALIZED (
  SELECT b.transaction_id, b.id, b.participant, b.fence, b.lease_holder, b.attempts, b.payload, b.traceparent
  FROM unnest($1::uuid[], $2::uuid[]) named (transaction_id, id)
  JOIN holdfast.branch b ON b.transaction_id = named.transaction_id AND b.id = named.id
)
SELECT (
  SELECT json_agg(json_build_object(
    'branchId', w.id, 'participant', w.participant, 'fence', w.fence, 'holder', w.lease_holder, 'attempts', w.attempts,
    'payload', w.payload::text, 'traceparent', w.traceparent, 'origin', t.origin, 'state', t.state, 'expiresAt', holdfast.epoch_ms(t.expires_at),
    'isBeforeDeadline', t.expires_at > clock_timestamp()
  ))
  FROM wanted w JOIN holdfast.transaction t ON t.id = w.transaction_id
)::text, (
  SELECT json_agg(d.document) FROM holdfast.participant_document d WHERE d.name IN (SELECT w.participant FROM wanted w)
)::text, (
  SELECT json_object_agg(s.participant, CASE
    WHEN s.previous_until > clock_timestamp() THEN json_build_array(s.secret, s.previous)
    ELSE json_build_array(s.secret)
  END)
  FROM holdfast.participant_secret s WHERE s.participant IN (SELECT w.participant FROM wanted w)
)::text, holdfast.epoch_ms(clock_timestamp())::text
