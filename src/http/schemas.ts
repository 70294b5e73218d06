// Owns what callers may send: one strict zod schema per body and per list of parameters. The same schemas validate requests
// and make the OpenAPI document, so the two cannot disagree.
import { z } from 'zod';
import 'zod-openapi';
import { TRANSACTION_STATES } from '../../workflows/states.ts';
import { MAX_QUANTITY } from '../coordinator/basket.ts';
import { jsonFault, textFault } from './storable.ts';

export const MAX_ITEMS = 200;
export const MAX_BRANCHES = 20;
export const MAX_OPERATIONS = 1_000;
export const DEFAULT_TIMEOUT_MS = 900_000;
export const DEFAULT_WAREHOUSE = 'default';
export const DEFAULT_LIMIT = 50;

/** No `.` and no `..`: a path could not name them. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._:/-]{1,128}$/;
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const NAME_RULE = 'must be 1 to 128 characters of A-Z a-z 0-9 . _ : / -, and not . or ..';

function wholeNumber(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}, written as a JSON number`;
  return z.int({ error: rule }).min(min, { error: rule }).max(max, { error: rule });
}

/** Free text that PostgreSQL can store. A character is a code point, as in PostgreSQL and in JSON Schema's maxLength. */
function text(maxCharacters: number) {
  const faultOf = (value: string) => {
    const fits = value.length <= maxCharacters || (value.length <= 2 * maxCharacters && [...value].length <= maxCharacters);
    return fits ? textFault(value) : `must be at most ${maxCharacters} characters`;
  };
  return z
    .string()
    .refine((value) => faultOf(value) === null, { error: (issue) => faultOf(String(issue.input)) ?? 'cannot be stored' })
    .meta({ maxLength: maxCharacters });
}

/** A JSON value bounded by the length of its text. */
function boundedJson<T>(maxBytes: number, isFit: (value: unknown) => boolean, otherwise: string) {
  const faultOf = (value: unknown) => (isFit(value) ? jsonFault(value, maxBytes) : otherwise);
  return z.custom<T>((value) => faultOf(value) === null, { error: (issue) => faultOf(issue.input) ?? otherwise });
}

export const Sku = z
  .string()
  .regex(NAME, { error: NAME_RULE })
  .meta({ description: 'The stock-keeping unit.', example: 'SKU-1' });
export const Warehouse = z.string().regex(NAME, { error: NAME_RULE }).meta({ description: 'The warehouse.', example: 'default' });
export const Id = z
  .string()
  .regex(UUID, { error: 'must be a UUID' })
  .meta({ description: 'A UUID of any version; case does not count.', example: '0193b0a4-7c1e-7d00-8000-000000000001' });
const Quantity = wholeNumber(1, MAX_QUANTITY).meta({ example: 2 });
const Counter = wholeNumber(0, Number.MAX_SAFE_INTEGER);
export const TimeoutMs = wholeNumber(100, 86_400_000).meta({
  description: `How long the stock is held, in milliseconds. Without it ${DEFAULT_TIMEOUT_MS}.`,
  example: DEFAULT_TIMEOUT_MS,
});
const Reason = text(500).meta({ description: 'Free text for people, up to 500 characters.' });
const Reference = text(128).meta({
  description: 'The caller’s own name for it, such as an order number.',
  example: 'order-1001',
});
const Metadata = boundedJson<Record<string, unknown>>(4096, isObject, 'must be an object').meta({
  override: { type: 'object', additionalProperties: true },
  description: 'Anything the caller wants kept with it: an object of up to 4 KiB as JSON.',
});
const Payload = boundedJson<unknown>(16_384, () => true, 'must be JSON').meta({
  override: {},
  description: 'What the participant is sent: any JSON up to 16 KiB.',
});

export const RequestItem = z.strictObject({ sku: Sku, warehouse: Warehouse.optional(), quantity: Quantity }).meta({
  id: 'RequestItem',
  description: 'Without `warehouse`, the one called `default`. The same SKU and warehouse named twice is one item.',
});
const Items = z.array(RequestItem).min(1).max(MAX_ITEMS);
const Branch = z
  .strictObject({
    participant: z.string().regex(NAME, { error: NAME_RULE }).meta({ example: 'payment' }),
    payload: Payload.optional(),
  })
  .meta({ id: 'RequestBranch' });

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

// Parameters arrive as text; these turn them into what they mean.
const Limit = z
  .string()
  .regex(/^[0-9]{1,3}$/, { error: 'must be a whole number from 1 to 500' })
  .transform(Number)
  .refine((limit) => limit >= 1 && limit <= 500, { error: 'must be a whole number from 1 to 500' })
  .meta({
    override: replaceBy({ type: 'integer', minimum: 1, maximum: 500, default: DEFAULT_LIMIT }),
    description: 'How many of them.',
  });
const Cursor = z.string().min(1).max(2048).meta({ description: '`nextCursor` of the page before, unchanged.' });
const Moment = z.iso
  .datetime({ offset: true, error: 'must be a date and time such as 2026-11-22T08:00:00.000Z' })
  .transform((value) => Date.parse(value))
  .meta({ override: replaceBy({ type: 'string', format: 'date-time' }), example: '2026-11-22T08:00:00.000Z' });
const Flag = z
  .enum(['true', 'false'])
  .transform((value) => value === 'true')
  .meta({ override: replaceBy({ type: 'boolean' }) });

export const NoQuery = z.strictObject({});
export const TransactionsQuery = z.strictObject({
  state: z.enum(TRANSACTION_STATES).optional(),
  sku: Sku.optional(),
  reference: Reference.optional(),
  needsAttention: Flag.optional(),
  createdAfter: Moment.optional(),
  createdBefore: Moment.optional(),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});
export const StocksQuery = z.strictObject({
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9._:/-]{0,128}$/, { error: 'must be 0 to 128 characters of A-Z a-z 0-9 . _ : / -' })
    .optional()
    .meta({ description: 'What the SKU begins with.' }),
  sku: z.array(Sku).max(200).optional().meta({ description: 'Up to 200 of them, each as its own parameter.' }),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});
export const StockHistoryQuery = z.strictObject({
  warehouse: Warehouse.optional(),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});

/** What the document says of a parameter: what it means, not the text that it arrives as. The description stays. */
function replaceBy(schema: Readonly<Record<string, unknown>>) {
  return ({ jsonSchema }: { readonly jsonSchema: object }) => {
    const described = jsonSchema as Record<string, unknown>;
    delete described.enum;
    delete described.pattern;
    Object.assign(described, schema);
  };
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
