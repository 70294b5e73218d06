-- Claims a SKU in a warehouse that is to be stocked for the first time, as claim_transaction does an id.
CREATE OR REPLACE FUNCTION holdfast.claim_stock(sku text, warehouse text) RETURNS boolean
LANGUAGE sql VOLATILE
RETURN pg_try_advisory_xact_lock(hashtextextended(sku || ' ' || warehouse, 7205002));
