-- A coordinator's first lease. $1 its id  $2 host and process, for people  $3 for how long, in ms
INSERT INTO holdfast.coordinator (id, name, started_at, lease_until)
VALUES ($1, $2, clock_timestamp(), clock_timestamp() + $3::bigint * interval '1 millisecond')
