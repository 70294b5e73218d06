-- A time as the milliseconds since 1970 that the core counts in.
CREATE OR REPLACE FUNCTION holdfast.epoch_ms(at timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (extract(epoch FROM at) * 1000)::bigint;
