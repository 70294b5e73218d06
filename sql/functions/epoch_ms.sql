-- A time as the milliseconds since 1970 that the core counts in. STABLE, not IMMUTABLE, though it always answers the same: what
-- it is made of is declared STABLE, and only so is it inlined. date_part, because extract counts in numeric, which is slower; a
-- double holds milliseconds exactly until the year 287396.
CREATE OR REPLACE FUNCTION holdfast.epoch_ms(at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
RETURN (date_part('epoch', at) * 1000)::bigint;
