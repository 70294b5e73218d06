// Owns what callers may send in a body: one strict zod schema each. The same schemas validate requests and make the OpenAPI
// document, so the two cannot disagree. Parameters and participants have files of their own.
import { z } from 'zod';
import 'zod-openapi';
import { MAX_QUANTITY } from '../coordinator/basket.ts';
import { Id, ParticipantName, Reason, Reference, Sku, TimeoutMs, Warehouse, wholeNumber } from './schema-terms.ts';
import { depthFault, jsonFault } from './storable.ts';

export const MAX_ITEMS = 200;
export const MAX_BRANCHES = 20;
export const MAX_OPERATIONS = 1_000;
export const DEFAULT_WAREHOUSE = 'default';
/** Of a payload. Deeper is what no participant's JSON reader should be trusted with, nor PostgreSQL's. */
const MAX_DEPTH = 500;

const Quantity = wholeNumber(1, MAX_QUANTITY).meta({ example: 2 });
const Counter = wholeNumber(0, Number.MAX_SAFE_INTEGER);
const Metadata = keptJson<Record<string, unknown>>((value) =>
  isObject(value) ? jsonFault(value, 4096) : 'must be an object',
).meta({
  override: { type: 'object', additionalProperties: true },
  description: 'Anything the caller wants kept with it: an object of up to 4 KiB as JSON.',
});
const Payload = keptJson<unknown>((value) => jsonFault(value, 16_384) ?? depthFault(value, MAX_DEPTH)).meta({
  override: {},
  description: `What the participant is sent as \`payload\` with each call: any JSON up to 16 KiB, nested at most ${MAX_DEPTH} deep. Null and absent are the same.`,
});

export const RequestItem = z.strictObject({ sku: Sku, warehouse: Warehouse.optional(), quantity: Quantity }).meta({
  id: 'RequestItem',
  description: 'Without `warehouse`, the one called `default`. The same SKU and warehouse named twice is one item.',
});
const Items = z.array(RequestItem).min(1).max(MAX_ITEMS);
const Branch = z
  .strictObject({
    participant: ParticipantName.meta({ description: 'The name it is registered under; the same may stand here twice.' }),
    payload: Payload.optional(),
  })
  .meta({ id: 'RequestBranch', description: 'A part of the transaction that a registered participant holds.' });

export const TryBody = z
  .strictObject({
    id: Id.optional(),
    items: z.array(RequestItem).max(MAX_ITEMS).optional(),
    branches: z.array(Branch).max(MAX_BRANCHES).optional(),
    timeoutMs: TimeoutMs.optional(),
    reference: Reference.nullish(),
    metadata: Metadata.nullish(),
  })
  .meta({ id: 'Try', description: 'At least one item or branch. Without an id (or Idempotency-Key) the server makes one.' });
export const ConfirmBody = z
  .strictObject({ items: Items.optional() })
  .meta({ id: 'Confirm', description: 'With `items`, these are sold and the rest is released; without, everything is sold.' });
export const CancelBody = z
  .strictObject({ reason: Reason.nullish() })
  .meta({ id: 'Cancel', description: '`reason` is kept as `note`.' });
export const ExtendBody = z.strictObject({ timeoutMs: TimeoutMs }).meta({ id: 'Extend', description: 'From now.' });
export const RefundBody = z
  .strictObject({ id: Id.optional(), items: Items.optional(), reason: Reason.nullish() })
  .meta({ id: 'Refund', description: 'Without `items`, all that is left. With `items`, an id (or Idempotency-Key) is needed.' });

const EITHER_COUNT = [{ required: ['available'] }, { required: ['onHand'] }];
export const MovementBody = z
  .strictObject({
    id: Id.optional(),
    sku: Sku,
    warehouse: Warehouse.optional(),
    kind: z.enum(['RECEIVE', 'WRITE_OFF', 'ADJUST']),
    quantity: wholeNumber(-MAX_QUANTITY, MAX_QUANTITY)
      .refine((quantity) => quantity !== 0, { error: 'must not be 0' })
      .meta({ not: { const: 0 } }),
    reason: Reason.nullish(),
  })
  .refine((movement) => movement.kind === 'ADJUST' || movement.quantity > 0, {
    path: ['quantity'],
    error: 'must be positive: only an ADJUST is signed',
  })
  .meta({ id: 'StockMovement', description: 'RECEIVE adds, WRITE_OFF takes away, ADJUST is signed and never 0.' });
export const CountBody = z
  .strictObject({
    available: Counter.optional(),
    onHand: Counter.optional(),
    warehouse: Warehouse.optional(),
    reason: Reason.nullish(),
  })
  .refine((count) => (count.available === undefined) !== (count.onHand === undefined), {
    path: ['available'],
    error: 'exactly one of `available` and `onHand` is needed',
  })
  .meta({
    id: 'StockCount',
    oneOf: EITHER_COUNT,
    description: 'Exactly one of `available` and `onHand`; with the latter, available becomes onHand − reserved.',
  });
/** One line of an NDJSON import: a StockCount that names its SKU. */
export const ImportRow = z
  .strictObject({
    sku: Sku,
    warehouse: Warehouse.optional(),
    available: Counter.optional(),
    onHand: Counter.optional(),
    reason: Reason.nullish(),
  })
  .refine((count) => (count.available === undefined) !== (count.onHand === undefined), {
    path: ['available'],
    error: 'exactly one of `available` and `onHand` is needed',
  })
  .meta({ id: 'StockImportRow', oneOf: EITHER_COUNT });

/** The batch as a whole; each operation is then validated by itself, so that a bad one fails alone. */
export const BatchBody = z.strictObject({
  operations: z.array(z.unknown(), { error: 'must be a list of 1 to 1000 operations' }).min(1).max(MAX_OPERATIONS),
});
export const TryOperation = TryBody.safeExtend({ op: z.literal('try') }).meta({ id: 'TryOperation' });
export const ConfirmOperation = ConfirmBody.safeExtend({ op: z.literal('confirm'), id: Id }).meta({ id: 'ConfirmOperation' });
export const CancelOperation = CancelBody.safeExtend({ op: z.literal('cancel'), id: Id }).meta({ id: 'CancelOperation' });

/** A JSON value that is kept as it is. @param faultOf what is wrong with it, or null */
function keptJson<T>(faultOf: (value: unknown) => string | null) {
  return z.custom<T>((value) => faultOf(value) === null, { error: (issue) => faultOf(issue.input) ?? 'cannot be stored' });
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
