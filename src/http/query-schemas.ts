// Owns what callers may send as parameters of a list: one strict zod schema for each route that takes some.
import { z } from 'zod';
import 'zod-openapi';
import { TRANSACTION_STATES } from '../../workflows/states.ts';
import { Reference, Sku, text, Warehouse } from './schema-terms.ts';

export const DEFAULT_LIMIT = 50;

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

/** Of a list that has no filter. */
export const PageQuery = z.strictObject({ limit: Limit.optional(), cursor: Cursor.optional() });
export const AuditQuery = z.strictObject({
  act: z
    .string()
    .regex(/^[a-z.]{1,40}$/, { error: 'must be the name of an act, such as key.create' })
    .optional()
    .meta({ description: 'Only these.', example: 'participant.put' }),
  subject: text(128).optional().meta({ description: 'Only what was done to this: an id, a SKU, a participant’s name.' }),
  limit: Limit.optional(),
  cursor: Cursor.optional(),
});
/** Of one that has no pages either. */
export const LimitQuery = z.strictObject({ limit: Limit.optional() });

export const DEFAULT_HOTTEST = 20;
export const HottestQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[0-9]{1,3}$/, { error: 'must be a whole number from 1 to 100' })
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= 100, { error: 'must be a whole number from 1 to 100' })
    .optional()
    .meta({
      override: replaceBy({ type: 'integer', minimum: 1, maximum: 100, default: DEFAULT_HOTTEST }),
      description: 'How many of them.',
    }),
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
