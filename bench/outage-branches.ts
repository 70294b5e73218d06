// Owns the transactions of the outage bench, one item and one branch each: held and confirmed through /v1/batch, and looked at in
// the database from outside.
import type pg from 'pg';
import { SKU_COUNT } from './load.ts';
import { pause } from './pause.ts';

const BATCH_SIZE = 500;
/** The longest there is: whoever makes them waits until their participant has said yes. */
const WAIT_S = 30;
const LOOK_EVERY_MS = 100;

/** Sends operations in batches, one after the other, each to be answered with one status. @returns the ids of their transactions */
async function send(url: string, operations: readonly string[], waitS: number, status: number): Promise<string[]> {
  const ids: string[] = [];
  for (let at = 0; at < operations.length; at += BATCH_SIZE) {
    const response = await fetch(`${url}/v1/batch`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: `wait=${waitS}, return=minimal` },
      body: `{"operations":[${operations.slice(at, at + BATCH_SIZE).join(',')}]}`,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST /v1/batch: ${response.status} ${text.slice(0, 300)}`);
    const { results } = JSON.parse(text) as { results: readonly { status: number; body: { id: string } }[] };
    const other = results.find((result) => result.status !== status);
    if (other !== undefined) throw new Error(`expected ${status} of each operation, not ${JSON.stringify(other)}`);
    ids.push(...results.map(({ body }) => body.id));
  }
  return ids;
}

/** Tries transactions until all are held, here and by their participant. @returns their ids */
export function holdBranches(url: string, participant: string, count: number): Promise<string[]> {
  const operations = Array.from(
    { length: count },
    (_, number) =>
      `{"op":"try","items":[{"sku":"SKU-${1 + (number % SKU_COUNT)}","quantity":1}],"branches":[{"participant":"${participant}"}]}`,
  );
  return send(url, operations, WAIT_S, 201);
}

/** Decides them while nobody answers for the participant: each is answered 202, and its branch must be asked later. */
export async function confirmBranches(url: string, ids: readonly string[]): Promise<void> {
  await send(
    url,
    ids.map((id) => `{"op":"confirm","id":"${id}"}`),
    0,
    202,
  );
}

/** Which branches are looked at: those of one participant. */
export interface Watched {
  readonly client: pg.Client;
  readonly participant: string;
  readonly count: number;
}

interface Counts {
  readonly waiting: number;
  readonly confirmed: number;
}

/** How many branches wait for another attempt, and how many are confirmed. */
async function countBranches({ client, participant }: Watched): Promise<Counts> {
  const { rows } = await client.query<Counts>(
    `SELECT count(*) FILTER (WHERE next_attempt_at IS NOT NULL)::float8 AS waiting,
       count(*) FILTER (WHERE state = 'CONFIRMED')::float8 AS confirmed
     FROM holdfast.branch WHERE participant = $1`,
    [participant],
  );
  return rows[0] ?? { waiting: 0, confirmed: 0 };
}

/** Waits until every branch waits for its retry, but the one that may be on its way to find out whether anybody is back. */
export async function allWait(watched: Watched, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs;
  for (let counts = await countBranches(watched); counts.waiting < watched.count - 1; counts = await countBranches(watched)) {
    if (performance.now() > until) throw new Error(`not all wait for their retry: ${JSON.stringify(counts)}`);
    await pause(LOOK_EVERY_MS);
  }
}

export interface Drained {
  /** From when the participant was back to the last branch seen CONFIRMED. */
  readonly seconds: number;
  /** Of these, until the first was seen. */
  readonly firstAfterSeconds: number;
  /** From the first seen to the last. */
  readonly branchesPerSecond: number;
  /** Whether all were confirmed before the patience ended. */
  readonly finished: boolean;
}

/**
 * Watches until every branch is confirmed.
 * @param backAt when the participant came back, by performance.now()
 * @param onFirst told when the first is seen
 */
export async function watchDrain(watched: Watched, backAt: number, patienceMs: number, onFirst: () => void): Promise<Drained> {
  const { count } = watched;
  const seen = { firstAt: Number.NaN, first: 0, lastAt: Number.NaN, confirmed: 0 };
  while (seen.confirmed < count && performance.now() < backAt + patienceMs) {
    const { confirmed } = await countBranches(watched);
    const now = performance.now();
    if (confirmed > seen.confirmed) seen.lastAt = now;
    if (confirmed > 0 && Number.isNaN(seen.firstAt)) {
      Object.assign(seen, { firstAt: now, first: confirmed });
      onFirst();
    }
    seen.confirmed = confirmed;
    if (confirmed < count) await pause(LOOK_EVERY_MS);
  }
  return {
    seconds: (seen.lastAt - backAt) / 1000,
    firstAfterSeconds: (seen.firstAt - backAt) / 1000,
    branchesPerSecond: (seen.confirmed - seen.first) / ((seen.lastAt - seen.firstAt) / 1000),
    finished: seen.confirmed === count,
  };
}
