// Owns the schemas of what is answered: they describe, and the contract tests hold every answer against them.
import { z } from 'zod';
import 'zod-openapi';
import { BRANCH_PHASES, BRANCH_STATES, ITEM_STATES, TRANSACTION_STATES } from '../../../workflows/states.ts';
import { PROBLEMS, type ProblemCode } from '../../errors.ts';

export const EXAMPLE_ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const EXAMPLE_MOMENT = '2026-11-22T08:00:00.000Z';

export const Moment = z
  .string()
  .meta({ format: 'date-time', description: 'ISO 8601, UTC, with milliseconds.', example: EXAMPLE_MOMENT });
const Uuid = z.string().meta({ format: 'uuid', example: EXAMPLE_ID });
const Count = z.int().min(0);
const Name = z.string().meta({ example: 'SKU-1' });
const Warehouse = z.string().meta({ example: 'default' });
export const NextCursor = z.string().nullable().meta({ description: 'Send it as `cursor` for the next page; null on the last.' });

export const TransactionState = z.enum(TRANSACTION_STATES).meta({ id: 'TransactionState' });
const CancelReason = z
  .enum(['requested', 'expired', 'insufficient-stock', 'participant-refused', 'cancelled-before-try'])
  .meta({ id: 'CancelReason', description: 'Why a transaction is CANCELLED.' });
const Item = z
  .object({
    sku: Name,
    warehouse: Warehouse,
    quantity: z.int().min(1),
    state: z.enum(ITEM_STATES),
    deducted: Count,
    refunded: Count,
  })
  .meta({ id: 'Item', description: '`deducted` of it were sold, all told; `refunded` of those came back.' });
const BranchState = z.enum(BRANCH_STATES).meta({
  id: 'BranchState',
  description: 'REGISTERED: not known to hold anything yet. REFUSED: it said no to its Try; its Cancel is still to come.',
});
const Branch = z
  .object({
    id: Uuid,
    participant: z.string().meta({ example: 'payment' }),
    state: BranchState,
    phase: z
      .enum(BRANCH_PHASES)
      .nullable()
      .meta({ description: 'What the participant is being asked for; null while nothing is asked of it.' }),
    attempts: Count.meta({ description: 'Those of the present phase; once it is over, of the last one.' }),
    nextAttemptAt: Moment.nullable().meta({
      description: 'When it is asked again; null where it is being asked now, or not at all. `/retry` asks now.',
    }),
    lastError: z.string().nullable().meta({ description: 'Why the last attempt did not do; null where it did.' }),
    needsAttention: z.boolean().meta({ description: 'Whether this is what its transaction needs attention for.' }),
  })
  .meta({ id: 'Branch', description: 'The part of the transaction that a remote participant holds.' });
const EitherState = z.union([TransactionState, BranchState]);
const HistoryEvent = z
  .object({
    at: Moment,
    event: z.string().meta({ example: 'TRY' }),
    from: EitherState.nullable(),
    to: EitherState,
    detail: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({
    id: 'HistoryEvent',
    description:
      '`from` and `to` are states of the transaction; of a branch in events that tell of its attempts, where `detail` names it.',
  });

const transactionFields = {
  id: Uuid,
  state: TransactionState,
  reason: CancelReason.nullable(),
  note: z.string().nullable().meta({ description: 'What a cancel gave as its reason.' }),
  needsAttention: z.boolean().meta({
    description: 'Whether a person should look: a branch does not settle, or was resolved against the decision.',
  }),
  items: z.array(Item),
  branches: z.array(Branch),
  reference: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  createdAt: Moment,
  expiresAt: Moment,
  updatedAt: Moment,
};
export const Transaction = z.object(transactionFields).meta({ id: 'Transaction' });
export const TransactionWithHistory = z
  .object({ ...transactionFields, history: z.array(HistoryEvent) })
  .meta({ id: 'TransactionWithHistory' });
export const TransactionBrief = z
  .object({ id: Uuid, state: TransactionState })
  .meta({ id: 'TransactionBrief', description: 'What `Prefer: return=minimal` is answered with.' });
export const TransactionPage = z.object({ items: z.array(Transaction), nextCursor: NextCursor }).meta({ id: 'TransactionPage' });

const StockRow = z
  .object({ warehouse: Warehouse, available: Count, reserved: Count, deducted: Count, version: z.int() })
  .meta({ id: 'StockRow', description: 'The counters of one SKU in one warehouse; `version` grows with every change.' });
export const Stock = z
  .object({ sku: Name, available: Count, reserved: Count, deducted: Count, warehouses: z.array(StockRow) })
  .meta({ id: 'Stock', description: 'The sums over all warehouses, and each of them.' });
export const StockPage = z.object({ items: z.array(Stock), nextCursor: NextCursor }).meta({ id: 'StockPage' });
export const Movement = z
  .object({
    id: Uuid,
    sku: Name,
    warehouse: Warehouse,
    kind: z.enum(['RECEIVE', 'WRITE_OFF', 'ADJUST']),
    quantity: z.int(),
    reason: z.string().nullable(),
    at: Moment,
    stock: StockRow,
  })
  .meta({ id: 'Movement', description: '`stock` is what the counters were right after it.' });
const StockHistoryEntry = z
  .looseObject({
    at: Moment,
    warehouse: Warehouse,
    kind: z.string().meta({
      description: 'RECEIVE, WRITE_OFF, ADJUST, RESERVATION, or CARRIED: all reservations that retention has removed.',
      example: 'RECEIVE',
    }),
    quantity: z.int(),
    transactionId: Uuid.optional(),
    movementId: Uuid.optional(),
    reason: z.string().nullable().optional(),
    state: z.string().optional(),
    deducted: Count.optional(),
    refunded: Count.optional(),
    settledAt: Moment.nullable().optional().meta({ description: 'When the transaction of a reservation was decided.' }),
    transactionState: z.string().optional(),
    reservations: Count.optional().meta({ description: 'Of CARRIED: how many there were.' }),
  })
  .meta({ id: 'StockHistoryEntry', description: 'One movement, or one reservation as it stands today.' });
export const StockHistoryPage = z
  .object({ items: z.array(StockHistoryEntry), nextCursor: NextCursor })
  .meta({ id: 'StockHistoryPage' });
export const ImportReport = z
  .object({
    accepted: Count,
    rejected: Count,
    errors: z.array(z.object({ line: z.int().min(1), code: z.string(), detail: z.string() })).max(1000),
  })
  .meta({
    id: 'ImportReport',
    description: 'Good rows landed; the first 1,000 bad ones are named, by line, the header being line 1.',
  });

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];
export const Problem = z
  .looseObject({
    type: z.string().meta({ example: '/problems/insufficient-stock' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.enum(CODES),
    retryable: z.boolean().meta({ description: 'Whether the same request, sent again unchanged, may succeed.' }),
    traceId: z.string().regex(/^[0-9a-f]{32}$/),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'With invalid-request.' }),
    shortages: z
      .array(z.object({ sku: Name, warehouse: Warehouse, requested: z.int(), available: z.int() }))
      .optional()
      .meta({ description: 'With insufficient-stock.' }),
    state: z
      .union([TransactionState, z.enum(['REVOKED', 'REPLACED'])])
      .optional()
      .meta({ description: 'With invalid-transition: of the transaction, or of the key.' }),
    participant: z.string().optional().meta({ description: 'With participant-refused and unknown-participant.' }),
    reason: z.string().optional().meta({ description: 'With participant-refused: what the participant said.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457. `GET /problems/<code>` explains the code to a person.' });

export const BatchReport = z
  .object({
    results: z.array(
      z.object({
        status: z.int().meta({ description: 'The status this operation alone would have been answered with.' }),
        replayed: z.boolean(),
        body: z.union([Transaction, TransactionBrief, Problem]),
      }),
    ),
  })
  .meta({ id: 'BatchReport', description: 'One result for each operation, in their order.' });

export const Liveness = z.object({ status: z.literal('ok') }).meta({ id: 'Liveness' });
export const Hottest = z
  .object({
    items: z.array(
      z.object({
        sku: z.string(),
        warehouse: z.string(),
        triesPerS: z.number(),
        reservedPerS: z.number(),
        shortagesPerS: z.number(),
      }),
    ),
    windowS: z.number().meta({ description: 'Over how many seconds it was counted.' }),
  })
  .meta({ id: 'Hottest' });
export const Readiness = z
  .object({
    status: z.enum(['ok', 'degraded', 'unavailable']),
    postgres: z.enum(['up', 'down']),
    redis: z.enum(['up', 'down', 'off']),
  })
  .meta({ id: 'Readiness', description: 'Without Redis it is degraded, not unready: timers are later.' });
export const ProblemExplanation = z
  .object({
    type: z.string(),
    code: z.string(),
    status: z.int(),
    title: z.string(),
    retryable: z.boolean(),
    explanation: z.string(),
  })
  .meta({ id: 'ProblemExplanation' });
export const ProblemList = z.object({ items: z.array(ProblemExplanation) }).meta({ id: 'ProblemList' });
