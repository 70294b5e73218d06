// Owns how a story is told: one order watched from before it is placed until it is settled, in lines that a person can read,
// with what must be true of it checked line by line.
import { inspect, isDeepStrictEqual } from 'node:util';
import { type Stock, type TransactionWithHistory, uuid7 } from 'holdfast/client';
import type { Account } from '../payments.ts';
import type { Shop } from './shop.ts';

export interface Placed {
  readonly sku: string;
  readonly quantity: number;
  readonly card: string;
}

/** What can be seen from outside at one moment. */
export interface Sight {
  readonly stock: Pick<Stock, 'available' | 'reserved' | 'deducted'>;
  readonly account: Account;
}

export interface Watched {
  /** What the order service answered: its status, and the body. */
  readonly answer: string;
  readonly transaction: TransactionWithHistory;
  readonly before: Sight;
  readonly after: Sight;
}

/** Something is not as the story says. */
export class StoryBroken extends Error {}

/** The whole story must be over by then. */
const STORY_LIMIT_MS = 20_000;

/**
 * Places an order, waits until its transaction is settled, and tells what happened to it.
 * @param meanwhile runs between the answer and the end
 */
export async function watch(
  shop: Shop,
  order: Placed,
  meanwhile: (id: string) => Promise<void> = async () => {},
): Promise<Watched> {
  const id = uuid7();
  const signal = AbortSignal.timeout(STORY_LIMIT_MS);
  const before = await look(shop, order);
  const answer = await place(shop, { id, ...order });
  line('order', `${order.quantity} × ${order.sku}, paid with ${order.card}`);
  line('answered', answer);
  await meanwhile(id);
  const transaction = await shop.client.settled(id, { signal });
  const after = await look(shop, order);
  line('transaction', statesOf(transaction).join(' → '));
  line('payment', attemptsOf(transaction).join('; ') || 'was not asked');
  line('stock', `${stockIn(before)}  →  ${stockIn(after)}`);
  line(order.card, `${moneyIn(before)}  →  ${moneyIn(after)}`);
  return { answer, transaction, before, after };
}

/** @throws StoryBroken where it is not so */
export function check(claim: string, actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) {
    const show = (value: unknown): string => inspect(value, { breakLength: Number.POSITIVE_INFINITY });
    throw new StoryBroken(`it should be that ${claim}, but instead of ${show(expected)} there is ${show(actual)}`);
  }
  line('✔', claim);
}

export function line(label: string, text: string): void {
  console.log(`   ${label.padEnd(12)} ${text}`);
}

/** What the counters, and the account, have grown or shrunk by. */
export function changes({ before, after }: Watched): Readonly<Record<string, number>> {
  return {
    available: after.stock.available - before.stock.available,
    reserved: after.stock.reserved - before.stock.reserved,
    sold: after.stock.deducted - before.stock.deducted,
    balanceCents: after.account.balanceCents - before.account.balanceCents,
    heldCents: after.account.heldCents - before.account.heldCents,
  };
}

async function place(shop: Shop, order: Placed & { readonly id: string }): Promise<string> {
  const response = await fetch(`${shop.orders}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(order),
  });
  const { state, reason } = (await response.json()) as { readonly state?: string; readonly reason?: string };
  return `${response.status} ${state ?? reason}`;
}

async function look(shop: Shop, { sku, card }: Placed): Promise<Sight> {
  const response = await fetch(`${shop.payments}/accounts/${card}`);
  if (!response.ok) throw new Error(`the account of ${card} cannot be read: ${response.status}`);
  return { stock: await shop.client.stock.get(sku), account: (await response.json()) as Account };
}

function statesOf({ history }: TransactionWithHistory): string[] {
  return history.filter((entry) => !isAttempt(entry)).map(({ to }) => to);
}

/** Every single call of the payment service, as the coordinator noted it: `confirm 2 failed (other side closed)`. */
function attemptsOf({ history }: TransactionWithHistory): string[] {
  return history.filter(isAttempt).map(({ event, detail = {} }) => {
    const why = typeof detail.error === 'string' ? ` (${detail.error})` : '';
    return `${event.replace('ATTEMPT_', '').toLowerCase()} ${detail.attempt} ${detail.outcome}${why}`;
  });
}

function isAttempt({ event }: { readonly event: string }): boolean {
  return event.startsWith('ATTEMPT_');
}

function stockIn({ stock }: Sight): string {
  return `${stock.available} available, ${stock.reserved} held, ${stock.deducted} sold`;
}

function moneyIn({ account }: Sight): string {
  return `${(account.balanceCents / 100).toFixed(2)}, of it ${(account.heldCents / 100).toFixed(2)} held`;
}
