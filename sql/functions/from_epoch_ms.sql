-- The milliseconds since 1970 that the core counts in, as a time.
CREATE OR REPLACE FUNCTION holdfast.from_epoch_ms(ms bigint) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN timestamptz 'epoch' + ms * interval '1 millisecond';
