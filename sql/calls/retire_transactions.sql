-- $1 how old (days) a finished transaction must be, by the database's clock  $2 how many at once
SELECT holdfast.retire_transactions(holdfast.epoch_ms(clock_timestamp() - $1::int * interval '1 day'), $2)
