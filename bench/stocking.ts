// Owns the stock that the loads draw on, received through the API of each system where it has one.
import type pg from 'pg';
import { SKU_COUNT, SOLD_OUT_SKU } from './load.ts';

const PLENTY = 1_000_000_000;

async function call(url: string, body?: unknown): Promise<Record<string, unknown>> {
  const content = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(url, { method: 'POST', ...content });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

/** Receives plenty of SKU-1 … SKU-n, and of each SKU of `more`. */
export async function stockHoldfast(url: string, more: readonly string[] = []): Promise<void> {
  const skus = [...Array.from({ length: SKU_COUNT }, (_, index) => `SKU-${index + 1}`), ...more];
  for (let at = 0; at < skus.length; at += 50) {
    const some = skus.slice(at, at + 50);
    await Promise.all(some.map((sku) => call(`${url}/v1/stock/movements`, { sku, kind: 'RECEIVE', quantity: PLENTY })));
  }
}

/** Receives one unit of the sold-out SKU and sells it. */
export async function sellOut(url: string): Promise<void> {
  await call(`${url}/v1/stock/movements`, { sku: SOLD_OUT_SKU, kind: 'RECEIVE', quantity: 1 });
  const held = await call(`${url}/v1/transactions`, { items: [{ sku: SOLD_OUT_SKU, quantity: 1 }] });
  await call(`${url}/v1/transactions/${String(held.id)}/confirm`);
}

/** The same for the baseline, which has no calls for stock. */
export async function stockBaseline(client: pg.Client): Promise<void> {
  await client.query(
    `INSERT INTO baseline.stock (sku, warehouse, available, received)
     SELECT 'SKU-' || n, 'default', $2::bigint, $2::bigint FROM generate_series(1, $1::int) AS n`,
    [SKU_COUNT, PLENTY],
  );
}
