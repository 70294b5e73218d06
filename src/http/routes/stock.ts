// Owns the routes under /v1/stock, the import excepted.
import type { Express, Request, Response } from 'express';
import { etagOf } from '../../coordinator/etag.ts';
import type { StockRow } from '../../coordinator/model.ts';
import type { StockFilter } from '../../coordinator/queries.ts';
import { type Problem, problem } from '../../errors.ts';
import { askerOf } from '../asker.ts';
import { MAX_BODY_BYTES, readJson } from '../body.ts';
import { countStockCommand, moveStockCommand } from '../commands.ts';
import { type AppContext, headerOf, idempotencyKeyOf, sendBodyRefusal } from '../context.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { namesTag, readIfMatch } from '../headers.ts';
import { readQuery, refusalOfQuery } from '../query.ts';
import { DEFAULT_LIMIT, StockHistoryQuery, StocksQuery } from '../query-schemas.ts';
import { renderMovement, renderPage, renderStock, renderStockHistoryEntry } from '../render.ts';
import { sendJson, sendNothing, sendProblem } from '../reply.ts';
import { accepted, type Result } from '../result.ts';
import { Sku } from '../schema-terms.ts';
import { readsWithin, within } from '../tracer.ts';
import { validateOne } from '../validate.ts';

export function addStockRoutes(app: Express, context: AppContext): void {
  app.post('/v1/stock/movements', (request, response) => moveStock(context, request, response));
  app.get('/v1/stock', (request, response) => listStock(context, request, response));
  app.get('/v1/stock/:sku', (request, response) => showStock(context, request, response));
  app.put('/v1/stock/:sku', (request, response) => countStock(context, request, response));
  app.get('/v1/stock/:sku/history', (request, response) => showHistory(context, request, response));
}

async function moveStock({ coordinator }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const key = idempotencyKeyOf(request);
  if (!key.ok) return sendProblem(request, response, key.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const command = moveStockCommand(body.value, key.value);
  if (!command.ok) return sendProblem(request, response, command.problem);
  const verdict = await coordinator.submit(within(request, { ...command.value, asker: askerOf(request) }));
  const replayed = verdict.replayed ? ['Idempotent-Replayed', 'true'] : [];
  if (!verdict.ok) return sendProblem(request, response, verdict.problem, replayed);
  sendJson(response, verdict.replayed ? 200 : 201, renderMovement(verdict.movement), replayed);
}

async function countStock({ coordinator }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const sku = skuOf(request);
  if (!sku.ok) return sendProblem(request, response, sku.problem);
  const ifMatch = readIfMatch(headerOf(request, 'if-match'));
  if (!ifMatch.ok) return sendProblem(request, response, ifMatch.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const command = countStockCommand(sku.value, body.value, ifMatch.value);
  if (!command.ok) return sendProblem(request, response, command.problem);
  const verdict = await coordinator.submit(within(request, { ...command.value, asker: askerOf(request) }));
  if (!verdict.ok) return sendProblem(request, response, verdict.problem);
  sendStock(response, sku.value, verdict.stock);
}

async function showStock({ queries }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const sku = skuOf(request);
  if (!sku.ok) return sendProblem(request, response, sku.problem);
  const rows = await readsWithin(request, queries).stock(sku.value);
  if (rows.length === 0) return sendProblem(request, response, unknownSku(sku.value));
  const etag = etagOf(rows);
  if (!namesTag(headerOf(request, 'if-none-match'), etag)) return sendStock(response, sku.value, rows);
  sendNothing(response, 304, ['ETag', etag, 'Cache-Control', 'no-cache']);
}

async function listStock({ queries }: AppContext, request: Request, response: Response): Promise<void> {
  const query = readQuery(StocksQuery, request.url, true);
  if (!query.ok) return sendProblem(request, response, query.problem);
  const { prefix, sku: skus, limit = DEFAULT_LIMIT, cursor } = query.value;
  const filter: StockFilter = { prefix: prefix ?? null, skus: skus ?? null };
  const after = cursor === undefined ? accepted(null) : openCursor('stock', filter, cursor);
  if (!after.ok) return sendProblem(request, response, after.problem);
  const page = await readsWithin(request, queries).stocks(filter, limit, after.value);
  const next = page.next === null ? null : sealCursor('stock', filter, page.next);
  const items = page.items.map((rows) => renderStock(rows[0]?.sku ?? '', rows));
  sendJson(response, 200, renderPage(items, next), ['Cache-Control', 'no-store']);
}

async function showHistory({ queries }: AppContext, request: Request, response: Response): Promise<void> {
  const sku = skuOf(request);
  if (!sku.ok) return sendProblem(request, response, sku.problem);
  const query = readQuery(StockHistoryQuery, request.url);
  if (!query.ok) return sendProblem(request, response, query.problem);
  const { warehouse = null, limit = DEFAULT_LIMIT, cursor } = query.value;
  const filter = [sku.value, warehouse];
  const after = cursor === undefined ? accepted(null) : openCursor('stock-history', filter, cursor);
  if (!after.ok) return sendProblem(request, response, after.problem);
  const reads = readsWithin(request, queries);
  const page = await reads.stockHistory(sku.value, warehouse, limit, after.value);
  // An empty story is either that of a warehouse without one, or that of a SKU nobody ever stocked.
  if (page.items.length === 0 && (await reads.stock(sku.value)).length === 0) {
    return sendProblem(request, response, unknownSku(sku.value));
  }
  const next = page.next === null ? null : sealCursor('stock-history', filter, page.next);
  sendJson(response, 200, renderPage(page.items.map(renderStockHistoryEntry), next), ['Cache-Control', 'no-store']);
}

function sendStock(response: Response, sku: string, rows: readonly StockRow[]): void {
  sendJson(response, 200, renderStock(sku, rows), ['ETag', etagOf(rows), 'Cache-Control', 'no-cache']);
}

function skuOf(request: Request): Result<string> {
  return validateOne(Sku, request.params.sku, 'path sku');
}

/** To a read the status is 404; in a basket it is the catalogue's 422. */
function unknownSku(sku: string): Problem {
  return { ...problem('unknown-sku', `${sku} was never stocked.`), status: 404 };
}
