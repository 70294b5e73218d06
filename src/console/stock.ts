// Owns what the console reads of one SKU: its counters, who holds it, and what the numbers come from.
import type { Holder } from '../coordinator/console-queries.ts';
import { problem } from '../errors.ts';
import type { Express, Request, Response } from '../http/context.ts';
import { moment, renderStock } from '../http/render.ts';
import { sendProblem } from '../http/reply.ts';
import { Sku } from '../http/schema-terms.ts';
import { validateOne } from '../http/validate.ts';
import { type ConsoleContext, plainRead, sendFreshText } from './context.ts';

const MOST_HOLDERS = 100;

export function addStockRead(app: Express, context: ConsoleContext): void {
  app.get(
    '/console/api/stock/:sku',
    plainRead((request, response) => showStock(context, request, response)),
  );
}

async function showStock({ queries, details }: ConsoleContext, request: Request, response: Response): Promise<void> {
  const sku = validateOne(Sku, request.params.sku, 'path sku');
  if (!sku.ok) return sendProblem(request, response, sku.problem);
  const [rows, holders, totals] = await Promise.all([
    queries.stock(sku.value),
    details.holders(sku.value, MOST_HOLDERS),
    details.totals(sku.value),
  ]);
  if (rows.length === 0)
    return sendProblem(request, response, {
      ...problem('unknown-sku', `${sku.value} was never stocked in any warehouse.`),
      status: 404,
    });
  const { items, more } = holders;
  const rest = JSON.stringify({ holders: items.map(holderOf), holdersMore: more, totals });
  // As /v1 tells it, with what it does not tell.
  sendFreshText(response, `${renderStock(sku.value, rows).slice(0, -1)},${rest.slice(1)}`);
}

function holderOf({ createdAt: _, expiresAt, ...holder }: Holder) {
  return { ...holder, expiresAt: moment(expiresAt) };
}
