// Owns `holdfast stock`: the counters of a SKU per warehouse, and the newest lines of its story.
import { Stock, StockHistory, understand } from './answers.ts';
import type { CoordinatorClient } from './coordinator-client.ts';
import { EXIT, Failure, type Outcome } from './failure.ts';
import { momentAndDistance } from './moments.ts';
import { grouped, type Paint, table, visible, visibleJson } from './text.ts';

export interface StockOptions {
  readonly json?: boolean;
  readonly history?: boolean;
  readonly warehouse?: string;
  /** How many lines of the story. */
  readonly limit: number;
}

type Line = StockHistory['items'][number];

/** @throws Failure */
export async function showStock(client: CoordinatorClient, sku: string, options: StockOptions, paint: Paint): Promise<Outcome> {
  // An empty name in the path would be another route.
  if (sku === '') throw new Failure(EXIT.usage, 'SKU must not be empty.');
  const path = `/v1/stock/${encodeURIComponent(sku)}`;
  const counters = await client.get(path);
  const stock = ofWarehouse(understand(Stock, counters.body), options.warehouse);
  if (options.history !== true) {
    const json = options.warehouse === undefined ? counters.body : stock;
    return { text: options.json === true ? `${visibleJson(json)}\n` : countersText(stock, paint), exitCode: EXIT.done };
  }
  const query = new URLSearchParams({ limit: String(options.limit) });
  if (options.warehouse !== undefined) query.set('warehouse', options.warehouse);
  const { body, nowMs } = await client.get(`${path}/history?${query}`);
  const history = understand(StockHistory, body);
  const text =
    options.json === true
      ? jsonText(counters.body, body)
      : `${countersText(stock, paint)}\n${historyText(history, nowMs, paint)}`;
  return { text, exitCode: EXIT.done };
}

/** @throws Failure where the SKU was never stocked in that warehouse */
function ofWarehouse(stock: Stock, warehouse: string | undefined): Stock {
  if (warehouse === undefined) return stock;
  const found = stock.warehouses.find((row) => row.warehouse === warehouse);
  if (found === undefined) throw new Failure(EXIT.notFound, `${stock.sku} was never stocked in ${warehouse}. [unknown-sku]`);
  const { available, reserved, deducted } = found;
  return { sku: stock.sku, available, reserved, deducted, warehouses: [found] };
}

/** Both answers as they came, in one document. */
function jsonText(stock: unknown, history: unknown): string {
  return `${visibleJson({ ...Object(stock), history: Object(history).items })}\n`;
}

/** The counters as a person would read them. */
export function countersText(stock: Stock, paint: Paint): string {
  const columns = [
    { title: 'WAREHOUSE' },
    { title: 'AVAILABLE', align: 'right' as const },
    { title: 'RESERVED', align: 'right' as const },
    { title: 'DEDUCTED', align: 'right' as const },
  ];
  const rowOf = (name: string, { available, reserved, deducted }: Omit<Stock, 'sku' | 'warehouses'>): string[] => [
    name,
    ...[available, reserved, deducted].map(grouped),
  ];
  const rows = stock.warehouses.map((row) => rowOf(row.warehouse, row));
  if (rows.length > 1) rows.push(rowOf('in all', stock));
  return `${paint('bold', visible(stock.sku))}\n\n${table(columns, rows, paint)}`;
}

/** The story, newest first. */
export function historyText(history: StockHistory, nowMs: number, paint: Paint): string {
  if (history.items.length === 0) return '  Nothing has happened there yet.\n';
  const columns = [
    { title: 'WHEN' },
    { title: 'WAREHOUSE' },
    { title: 'WHAT' },
    { title: 'QUANTITY', align: 'right' as const },
    { title: 'ITS ID' },
    { title: 'WHAT BECAME OF IT' },
  ];
  const rows = history.items.map((line) => [
    momentAndDistance(line.at, nowMs),
    line.warehouse,
    line.kind,
    signed(line),
    line.transactionId ?? line.movementId ?? '',
    outcomeOf(line),
  ]);
  const more = history.nextCursor === null ? '' : '  … and older ones: --limit shows more, up to 500.\n';
  return table(columns, rows, paint) + more;
}

/** With the sign of what it did to the available stock. */
function signed({ kind, quantity }: Line): string {
  const takes = kind === 'WRITE_OFF' || kind === 'RESERVATION' || quantity < 0;
  return `${takes ? '−' : '+'}${grouped(Math.abs(quantity))}`;
}

function outcomeOf({ state, deducted = 0, refunded = 0, reason }: Line): string {
  const sold = deducted > 0 ? `, ${grouped(deducted)} sold` : '';
  const returned = refunded > 0 ? `, ${grouped(refunded)} refunded` : '';
  const why = typeof reason === 'string' && reason !== '' ? reason : '';
  if (state === undefined) return why;
  return `${state}${sold}${returned}${why === '' ? '' : ` (${why})`}`;
}
