// Owns the part of the OpenAPI document about transactions.
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { TransactionsQuery } from '../query-schemas.ts';
import { CancelBody, ConfirmBody, ExtendBody, RefundBody, TryBody } from '../schemas.ts';
import { EXAMPLE_ID, Transaction, TransactionBrief, TransactionPage, TransactionWithHistory } from './answers.ts';
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
  WaitHeaders,
} from './parts.ts';

const tags = ['Transactions'];
const WholeOrBrief = z.union([Transaction, TransactionBrief]);
const appliedHeaders = z.object({ 'Idempotent-Replayed': replayed, 'Preference-Applied': preferenceApplied });
const createdHeaders = appliedHeaders.extend({ Location: z.string().meta({ example: `/v1/transactions/${EXAMPLE_ID}` }) });
const pendingHeaders = appliedHeaders.extend({ 'Retry-After': z.string().meta({ description: 'Seconds.', example: '1' }) });

export const EXAMPLE_TRY = {
  id: EXAMPLE_ID,
  items: [{ sku: 'SKU-1', quantity: 2 }],
  timeoutMs: 900_000,
  reference: 'order-1001',
};
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
        'Reserves every item or none, until the deadline; then each branch asks its participant for its Try, all side by side. Where one refuses, everything is cancelled. The id is the idempotency key: the same content again is answered from what became of the first.',
      requestParams: { header: TryHeaders },
      requestBody: body(TryBody, true, EXAMPLE_TRY),
      responses: {
        '200': answer('Sent before, and held or confirmed', WholeOrBrief, appliedHeaders, EXAMPLE_TRANSACTION),
        '201': answer('Held', WholeOrBrief, createdHeaders, EXAMPLE_TRANSACTION),
        '202': answer(
          'Its items are held; some participants have not answered. The same again, or a GET, tells more',
          WholeOrBrief,
          pendingHeaders,
        ),
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
      requestParams: { path: IdPath, header: WaitHeaders },
      responses: {
        '200': answer('The transaction', TransactionWithHistory, z.object({ 'Preference-Applied': preferenceApplied })),
        ...problems(false, ['unknown-transaction']),
      },
    },
  },
};

const moves: ZodOpenApiPathsObject = {
  '/v1/transactions/{id}/confirm': {
    post: {
      operationId: 'confirmTransaction',
      tags,
      summary: 'Confirm: sell what is held, or part of it',
      description:
        'The decision, and the sale of the items with it, is taken once and stays, whether the answer is 200 or 202; then each branch is confirmed until it is. While the Try is still under way it waits for that first, and is then refused as `invalid-transition` with `retryable`. A transaction with branches is confirmed whole.',
      requestParams: { path: IdPath, header: PreferHeaders },
      requestBody: body(ConfirmBody, false, {}),
      responses: {
        '200': answer('CONFIRMED', WholeOrBrief, appliedHeaders),
        '202': answer('Decided; some branches are still confirming, and will be confirmed', WholeOrBrief, pendingHeaders),
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
      description:
        'Of an id never seen too: the Try that arrives afterwards holds nothing. The items are free at once; then each branch is cancelled until it is, those that refused or never answered too.',
      requestParams: { path: IdPath, header: PreferHeaders },
      requestBody: body(CancelBody, false, { reason: 'payment declined' }),
      responses: {
        '200': answer('CANCELLED', WholeOrBrief, appliedHeaders),
        '202': answer('Decided; some branches are still cancelling, and will be cancelled', WholeOrBrief, pendingHeaders),
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

export const TRANSACTION_PATHS: ZodOpenApiPathsObject = { ...collection, ...moves };
