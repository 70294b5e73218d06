// Owns a small load that remembers what it was told, and the check of all of it afterwards: an acknowledged answer still
// holds (I6), every id has one outcome (I5, I7), and the stock is what the transactions say (I3).
import { randomUUID } from 'node:crypto';
import { brief, type CallAnswer, type CallBody, call, receive } from './call.ts';

type Operation = 'try' | 'confirm' | 'cancel';

interface Told {
  readonly operation: Operation;
  /** Null: no answer came. */
  readonly status: number | null;
  readonly code: string | null;
  readonly retryAfter: string | null;
}

/** One transaction, as its caller saw it. */
export interface Life {
  readonly body: {
    readonly id: string;
    readonly items: readonly { sku: string; quantity: number }[];
    readonly timeoutMs: number;
  };
  readonly told: Told[];
}

export interface History {
  /** What was received of each SKU; nobody else may use them. */
  readonly received: ReadonlyMap<string, number>;
  readonly lives: Life[];
}

export interface LoadOptions {
  readonly clients: number;
  readonly skus: readonly string[];
  /** Received of each SKU before it begins. */
  readonly quantity: number;
  /** Lives each client goes through; without it, until stop(). */
  readonly lives?: number;
  readonly timeoutMs?: number;
}

export interface Load {
  readonly history: History;
  /** Lets every client end the life it is in. */
  stop(): Promise<History>;
  /** Resolves where `lives` bounds it. */
  readonly done: Promise<History>;
}

/** Receives the stock, then runs clients against the instances, each to one of them in turn. */
export async function startLoad(urls: readonly string[], options: LoadOptions): Promise<Load> {
  const [first] = urls;
  if (first === undefined) throw new Error('a load needs an instance');
  for (const sku of options.skus) await receive(first, sku, options.quantity);
  const history: History = { received: new Map(options.skus.map((sku) => [sku, options.quantity])), lives: [] };
  let stopped = false;
  const runClient = async (client: number): Promise<void> => {
    const url = urls[client % urls.length] ?? first;
    let failures = 0;
    for (let turn = 0; !stopped && turn < (options.lives ?? Number.POSITIVE_INFINITY); turn += 1) {
      const life = newLife(options, client + turn);
      history.lives.push(life);
      failures = (await live(url, life, client + turn)) ? 0 : failures + 1;
      if (failures > 0) await pause(failures);
    }
  };
  const running = Promise.all(Array.from({ length: options.clients }, (_, client) => runClient(client)));
  const done = running.then(() => history);
  return {
    history,
    done,
    stop: () => {
      stopped = true;
      return done;
    },
  };
}

function newLife({ skus, timeoutMs = 600_000 }: LoadOptions, turn: number): Life {
  const items = [0, 1].map((step) => ({ sku: skus[(turn * 7 + step * 3) % skus.length] ?? '', quantity: 1 + (turn % 3) }));
  return { body: { id: randomUUID(), items: turn % 2 === 0 ? items.slice(0, 1) : items, timeoutMs }, told: [] };
}

/** Of ten: four are confirmed, three cancelled, one both at once, two left open. @returns whether its Try was answered */
async function live(url: string, life: Life, turn: number): Promise<boolean> {
  const answer = await send(url, life, 'try');
  if (answer === null || answer.status === 503) return false;
  if (answer.status !== 201) return true;
  const dice = turn % 10;
  if (dice < 4) await send(url, life, 'confirm');
  else if (dice < 7) await send(url, life, 'cancel');
  else if (dice < 8) await Promise.all([send(url, life, 'confirm'), send(url, life, 'cancel')]);
  return true;
}

/** A caller whose calls fail comes back later and later, as a good client does. */
function pause(failures: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(20 * 2 ** failures, 500) * (0.5 + Math.random() / 2)));
}

/** Sends one operation of a life, and keeps what it was told. */
export async function send(url: string, life: Life, operation: Operation): Promise<CallAnswer | null> {
  const { id } = life.body;
  const answer =
    operation === 'try'
      ? await call(url, 'POST', '/v1/transactions', life.body)
      : await call(url, 'POST', `/v1/transactions/${id}/${operation}`);
  const retryAfter = answer?.headers.get('retry-after') ?? null;
  life.told.push({ operation, status: answer?.status ?? null, code: answer?.body.code ?? null, retryAfter });
  return answer;
}

/** @returns what is wrong, a sentence each; empty where everything told still holds. Sends again what has no outcome yet. */
export async function checkHistory(url: string, history: History): Promise<string[]> {
  const faults: string[] = [];
  const held = new Map<string, { reserved: number; deducted: number }>();
  const lives = [...history.lives];
  const check = async (): Promise<void> => {
    for (let life = lives.pop(); life !== undefined; life = lives.pop()) faults.push(...(await checkLife(url, life, held)));
  };
  await Promise.all(Array.from({ length: 16 }, check));
  for (const [sku, received] of history.received) {
    const stock = await call(url, 'GET', `/v1/stock/${encodeURIComponent(sku)}`);
    const { reserved = 0, deducted = 0 } = held.get(sku) ?? {};
    const wanted = `${received - reserved - deducted}/${reserved}/${deducted}`;
    const found = `${stock?.body.available}/${stock?.body.reserved}/${stock?.body.deducted}`;
    if (wanted !== found) faults.push(`${sku} is ${found} (available/reserved/deducted); its transactions make ${wanted}`);
  }
  return faults;
}

async function checkLife(url: string, life: Life, held: Map<string, { reserved: number; deducted: number }>): Promise<string[]> {
  const faults: string[] = [];
  const { id, items } = life.body;
  await resolveUnknown(url, life);
  const found = await call(url, 'GET', `/v1/transactions/${id}`);
  for (const told of life.told) {
    const fault = faultOf(told, found);
    if (fault !== null) faults.push(`${id}: ${told.operation} was answered ${told.status} ${told.code ?? ''}, but ${fault}`);
  }
  const accepted = (operation: Operation): boolean =>
    life.told.some((told) => told.operation === operation && told.status === 200);
  if (accepted('confirm') && accepted('cancel')) faults.push(`${id}: both its confirm and its cancel were accepted`);
  const state = found?.body.state;
  for (const { sku, quantity } of items) {
    const sum = held.get(sku) ?? { reserved: 0, deducted: 0 };
    held.set(sku, sum);
    if (state === 'TRIED') sum.reserved += quantity;
    if (state === 'CONFIRMED') sum.deducted += quantity;
  }
  return faults;
}

/** What had no answer, or 503, is sent again until it has one; and then once more, which must be answered the same. */
async function resolveUnknown(url: string, life: Life): Promise<void> {
  const isOpen = ({ status }: Told): boolean => status === null || status === 503;
  for (const operation of new Set(life.told.filter(isOpen).map((told) => told.operation))) {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const answer = await send(url, life, operation);
      if (answer !== null && answer.status !== 503) break;
      await pause(attempt);
    }
    await send(url, life, operation);
  }
}

/** @returns what in the transaction as it stands contradicts what a caller was told of it */
function faultOf(told: Told, found: CallAnswer | null): string | null {
  if (told.status === null) return null;
  if (told.status === 503) return told.retryAfter === null ? 'there was no Retry-After' : null;
  if (found?.status !== 200) return `reading it is answered ${brief(found)}`;
  const { state, reason } = found.body;
  const as = `it is ${state} ${reason ?? ''}`;
  const agrees = MEANINGS[`${told.operation} ${told.status} ${told.code ?? 'ok'}`];
  if (agrees === undefined) return `that is no answer to it; ${as}`;
  return agrees(found.body) ? null : as;
}

const isHeldOrFurther = ({ state, reason }: CallBody): boolean =>
  state === 'TRIED' || state === 'CONFIRMED' || (state === 'CANCELLED' && (reason === 'requested' || reason === 'expired'));
const isCancelled = ({ state }: CallBody): boolean => state === 'CANCELLED';
const isExpired = ({ state, reason, expiresAt }: CallBody): boolean =>
  reason === 'expired' || (state === 'TRIED' && Date.parse(expiresAt ?? '') <= Date.now());

/** Every answer the load may get, and what it says of the transaction afterwards. */
const MEANINGS: Readonly<Record<string, (body: CallBody) => boolean>> = {
  'try 201 ok': isHeldOrFurther,
  'try 200 ok': isHeldOrFurther,
  'try 409 insufficient-stock': ({ state, reason }) => state === 'CANCELLED' && reason === 'insufficient-stock',
  'try 409 transaction-cancelled': isCancelled,
  'try 410 reservation-expired': isExpired,
  'confirm 200 ok': ({ state }) => state === 'CONFIRMED',
  'confirm 409 invalid-transition': isCancelled,
  'confirm 410 reservation-expired': isExpired,
  'cancel 200 ok': isCancelled,
  'cancel 409 invalid-transition': ({ state }) => state === 'CONFIRMED',
};
