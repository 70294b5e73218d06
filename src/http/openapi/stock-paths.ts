// Owns the part of the OpenAPI document about stock.
import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { StockHistoryQuery, StocksQuery } from '../query-schemas.ts';
import { CountBody, ImportRow, MovementBody } from '../schemas.ts';
import { ImportReport, Movement, Stock, StockHistoryPage, StockPage } from './answers.ts';
import {
  answer,
  etag,
  IfMatchHeaders,
  IfNoneMatchHeaders,
  KeyHeaders,
  PlainHeaders,
  problems,
  replayed,
  SkuPath,
} from './parts.ts';

const tags = ['Stock'];
const etagHeaders = z.object({ ETag: etag });
const movementHeaders = z.object({ 'Idempotent-Replayed': replayed });

export const STOCK_PATHS: ZodOpenApiPathsObject = {
  '/v1/stock/movements': {
    post: {
      operationId: 'moveStock',
      tags,
      summary: 'Receive, write off or adjust stock',
      requestParams: { header: KeyHeaders },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: MovementBody, example: { sku: 'SKU-1', kind: 'RECEIVE', quantity: 100 } } },
      },
      responses: {
        '200': answer('Sent before; nothing was added', Movement, movementHeaders),
        '201': answer('Recorded', Movement, movementHeaders),
        ...problems(true, ['insufficient-stock', 'quantity-exceeded', 'unknown-sku', 'idempotency-mismatch']),
      },
    },
  },
  '/v1/stock': {
    get: {
      operationId: 'listStock',
      tags,
      summary: 'List stock by SKU',
      requestParams: { query: StocksQuery, header: PlainHeaders },
      responses: { '200': answer('One page', StockPage), ...problems(false, []) },
    },
  },
  '/v1/stock/{sku}': {
    get: {
      operationId: 'getStock',
      tags,
      summary: 'Read the stock of a SKU',
      requestParams: { path: SkuPath, header: IfNoneMatchHeaders },
      responses: {
        '200': answer('The counters', Stock, etagHeaders),
        '304': { description: 'Not changed since', headers: etagHeaders },
        ...problems(false, [['unknown-sku', 404]]),
      },
    },
    put: {
      operationId: 'countStock',
      tags,
      summary: 'Set stock to what was counted',
      description: 'Recorded as an ADJUST of the difference; what is reserved stays reserved.',
      requestParams: { path: SkuPath, header: IfMatchHeaders },
      requestBody: {
        required: true,
        content: { 'application/json': { schema: CountBody, example: { onHand: 95, reason: 'yearly count' } } },
      },
      responses: {
        '200': answer('The counters', Stock, etagHeaders),
        ...problems(true, ['insufficient-stock', 'quantity-exceeded', 'version-mismatch']),
      },
    },
  },
  '/v1/stock/{sku}/history': {
    get: {
      operationId: 'getStockHistory',
      tags,
      summary: 'What made the numbers of a SKU what they are, newest first',
      requestParams: { path: SkuPath, query: StockHistoryQuery, header: PlainHeaders },
      responses: { '200': answer('One page', StockHistoryPage), ...problems(false, [['unknown-sku', 404]]) },
    },
  },
  '/v1/stock/import': {
    post: {
      operationId: 'importStock',
      tags,
      summary: 'Set the stock of many SKUs, streamed',
      description:
        'Of any length. Each row counts as a PUT: good rows land, bad ones are named. CSV needs a header with `sku`, `available` or `onHand`, and, where wanted, `warehouse` and `reason`, in any order. A line has up to 64 KiB; no value may hold a line break.',
      requestParams: { header: PlainHeaders },
      requestBody: {
        required: true,
        content: {
          'text/csv': { schema: z.string(), example: 'sku,warehouse,available\nSKU-1,default,100\nSKU-2,default,50\n' },
          'application/x-ndjson': {
            schema: ImportRow,
            example: '{"sku":"SKU-1","available":100}\n{"sku":"SKU-2","onHand":50}\n',
          },
        },
      },
      responses: { '200': answer('What landed and what did not', ImportReport), ...problems(true, []) },
    },
  },
};
