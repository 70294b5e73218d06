// Owns the part of the OpenAPI document about transactions.
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import {
  CancelBody,
  CancelOperation,
  ConfirmBody,
  ConfirmOperation,
  ExtendBody,
  MAX_OPERATIONS,
  RefundBody,
  TransactionsQuery,
  TryBody,
  TryOperation,
} from '../schemas.ts';
import { BatchReport, EXAMPLE_ID, Transaction, TransactionBrief, TransactionPage, TransactionWithHistory } from './answers.ts';
import {
  answer,
  IdPath,
  KeyHeaders,
  PlainHeaders,
  PreferHeaders,
  preferenceApplied,
  problems,
  replayed,
  TryHeaders,
} from './parts.ts';

const tags = ['Transactions'];
const WholeOrBrief = z.union([Transaction, TransactionBrief]);
const appliedHeaders = z.object({ 'Idempotent-Replayed': replayed, 'Preference-Applied': preferenceApplied });
const createdHeaders = appliedHeaders.extend({ Location: z.string().meta({ example: `/v1/transactions/${EXAMPLE_ID}` }) });
const pendingHeaders = appliedHeaders.extend({ 'Retry-After': z.string().meta({ description: 'Seconds.', example: '1' }) });

const EXAMPLE_TRY = { id: EXAMPLE_ID, items: [{ sku: 'SKU-1', quantity: 2 }], timeoutMs: 900_000, reference: 'order-1001' };
const EXAMPLE_TRANSACTION = {
  id: EXAMPLE_ID,
  state: 'TRIED',
  reason: null,
  note: null,
  needsAttention: false,
  items: [{ sku: 'SKU-1', warehouse: 'default', quantity: 2, state: 'RESERVED', deducted: 0, refunded: 0 }],
  branches: [],
  reference: 'order-1001',
  metadata: null,
  createdAt: '2026-11-22T08:00:00.000Z',
  expiresAt: '2026-11-22T08:15:00.000Z',
  updatedAt: '2026-11-22T08:00:00.000Z',
};

function body(schema: z.ZodType, required: boolean, example: unknown) {
  return { required, content: { 'application/json': { schema, example } } };
}

const collection: ZodOpenApiPathsObject = {
  '/v1/transactions': {
    post: {
      operationId: 'tryTransaction',
      tags,
      summary: 'Try: reserve a basket',
      description:
        'Reserves every item or none, until the deadline. The id is the idempotency key: the same content again is answered from what became of the first.',
      requestParams: { header: TryHeaders },
      requestBody: body(TryBody, true, EXAMPLE_TRY),
      responses: {
        '200': answer('Sent before, and held or confirmed', WholeOrBrief, appliedHeaders, EXAMPLE_TRANSACTION),
        '201': answer('Held', WholeOrBrief, createdHeaders, EXAMPLE_TRANSACTION),
        '202': answer('Still trying its branches', WholeOrBrief, pendingHeaders),
        ...problems(true, [
          'insufficient-stock',
          'participant-refused',
          'transaction-cancelled',
          'reservation-expired',
          'unknown-sku',
          'unknown-participant',
          'idempotency-mismatch',
        ]),
      },
    },
    get: {
      operationId: 'listTransactions',
      tags,
      summary: 'List transactions, newest first',
      requestParams: { query: TransactionsQuery, header: PlainHeaders },
      responses: { '200': answer('One page', TransactionPage), ...problems(false, []) },
    },
  },
  '/v1/transactions/{id}': {
    get: {
      operationId: 'getTransaction',
      tags,
      summary: 'Read a transaction with its history',
      requestParams: { path: IdPath, header: PreferHeaders },
      responses: { '200': answer('The transaction', TransactionWithHistory), ...problems(false, ['unknown-transaction']) },
    },
  },
};

const moves: ZodOpenApiPathsObject = {
  '/v1/transactions/{id}/confirm': {
    post: {
      operationId: 'confirmTransaction',
      tags,
      summary: 'Confirm: sell what is held, or part of it',
      requestParams: { path: IdPath, header: PreferHeaders },
      requestBody: body(ConfirmBody, false, {}),
      responses: {
        '200': answer('CONFIRMED', WholeOrBrief, appliedHeaders),
        '202': answer('Decided, its branches still confirming', WholeOrBrief, pendingHeaders),
        ...problems(true, [
          'unknown-transaction',
          'invalid-transition',
          'quantity-exceeded',
          'reservation-expired',
          'idempotency-mismatch',
        ]),
      },
    },
  },
  '/v1/transactions/{id}/cancel': {
    post: {
      operationId: 'cancelTransaction',
      tags,
      summary: 'Cancel: release what is held',
      description: 'Of an id never seen too: the Try that arrives afterwards holds nothing.',
      requestParams: { path: IdPath, header: PreferHeaders },
      requestBody: body(CancelBody, false, { reason: 'payment declined' }),
      responses: {
        '200': answer('CANCELLED', WholeOrBrief, appliedHeaders),
        '202': answer('Decided, its branches still cancelling', WholeOrBrief, pendingHeaders),
        ...problems(true, ['invalid-transition']),
      },
    },
  },
  '/v1/transactions/{id}/extend': {
    post: {
      operationId: 'extendTransaction',
      tags,
      summary: 'Move the deadline: so long from now',
      requestParams: { path: IdPath, header: PlainHeaders },
      requestBody: body(ExtendBody, true, { timeoutMs: 900_000 }),
      responses: {
        '200': answer('The transaction', Transaction),
        ...problems(true, ['unknown-transaction', 'invalid-transition', 'reservation-expired']),
      },
    },
  },
  '/v1/transactions/{id}/refund': {
    post: {
      operationId: 'refundTransaction',
      tags,
      summary: 'Refund what was sold, or part of it',
      requestParams: { path: IdPath, header: KeyHeaders },
      requestBody: body(RefundBody, false, {
        id: '0193b0a4-7c1e-7d00-8000-0000000000f1',
        items: [{ sku: 'SKU-1', quantity: 1 }],
      }),
      responses: {
        '200': answer('The transaction, still CONFIRMED', Transaction, z.object({ 'Idempotent-Replayed': replayed })),
        ...problems(true, ['unknown-transaction', 'invalid-transition', 'quantity-exceeded', 'idempotency-mismatch']),
      },
    },
  },
};

const Operation = z.discriminatedUnion('op', [TryOperation, ConfirmOperation, CancelOperation]).meta({ id: 'Operation' });
const Batch = z
  .strictObject({ operations: z.array(Operation).min(1).max(MAX_OPERATIONS) })
  .meta({ id: 'Batch', description: 'Each operation stands alone; those on one id take effect in order.' });

const batch: ZodOpenApiPathsObject = {
  '/v1/batch': {
    post: {
      operationId: 'runBatch',
      tags,
      summary: 'Many tries, confirms and cancels at once',
      requestParams: { header: PreferHeaders },
      requestBody: body(Batch, true, {
        operations: [
          { op: 'try', ...EXAMPLE_TRY },
          { op: 'confirm', id: EXAMPLE_ID },
        ],
      }),
      responses: {
        '200': answer('One result for each', BatchReport, z.object({ 'Preference-Applied': preferenceApplied })),
        ...problems(true, []),
      },
    },
  },
};

export const TRANSACTION_PATHS: ZodOpenApiPathsObject = { ...collection, ...moves, ...batch };
