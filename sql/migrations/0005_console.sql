-- What of a SKU came back, for the console. It holds nothing of a transaction that is never refunded, and as neither a Try, a confirm
-- nor a cancel changes what it looks at, their updates stay heap-only (docs/design.md).
CREATE INDEX reservation_by_refund ON holdfast.reservation (sku) INCLUDE (warehouse, refunded) WHERE refunded > 0;
