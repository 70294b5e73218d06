// Owns what the commands read of the coordinator's answers. Loose on purpose: a newer coordinator may say more, and name states
// and events that this version has never heard of, and is still understood.
import { z } from 'zod';
import { EXIT, Failure } from './failure.ts';

const Item = z.object({
  sku: z.string(),
  warehouse: z.string(),
  quantity: z.number(),
  state: z.string(),
  deducted: z.number(),
  refunded: z.number(),
});
const Branch = z.object({
  id: z.string(),
  participant: z.string(),
  state: z.string(),
  phase: z.string().nullish(),
  attempts: z.number(),
  nextAttemptAt: z.string().nullable(),
  lastError: z.string().nullable(),
  needsAttention: z.boolean().optional(),
});
const HistoryEvent = z.object({
  at: z.string(),
  event: z.string(),
  from: z.string().nullable(),
  to: z.string(),
  detail: z.record(z.string(), z.unknown()).optional(),
});
export const Transaction = z.object({
  id: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  note: z.string().nullable(),
  needsAttention: z.boolean(),
  items: z.array(Item),
  branches: z.array(Branch),
  reference: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  createdAt: z.string(),
  expiresAt: z.string(),
  updatedAt: z.string(),
  history: z.array(HistoryEvent),
});
export type Transaction = z.infer<typeof Transaction>;

const counters = { available: z.number(), reserved: z.number(), deducted: z.number() };
export const Stock = z.object({
  sku: z.string(),
  ...counters,
  // Loose, for --json with --warehouse, which passes the row on.
  warehouses: z.array(z.looseObject({ warehouse: z.string(), ...counters })),
});
export type Stock = z.infer<typeof Stock>;

export const StockHistory = z.object({
  items: z.array(
    z.object({
      at: z.string(),
      warehouse: z.string(),
      kind: z.string(),
      quantity: z.number(),
      transactionId: z.string().optional(),
      movementId: z.string().optional(),
      reason: z.string().nullish(),
      state: z.string().optional(),
      deducted: z.number().optional(),
      refunded: z.number().optional(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
export type StockHistory = z.infer<typeof StockHistory>;

export const ImportReport = z.object({
  accepted: z.number(),
  rejected: z.number(),
  errors: z.array(z.object({ line: z.number(), code: z.string(), detail: z.string() })),
});
export type ImportReport = z.infer<typeof ImportReport>;

/** @throws Failure where the answer is not of that shape */
export function understand<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Failure(
    EXIT.failed,
    'The answer is not one that this version of holdfast understands; is the URL that of a coordinator?',
  );
}
