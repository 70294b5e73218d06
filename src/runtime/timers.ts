// Owns putting together what rings for deadlines and retries.
import { createHash } from 'node:crypto';
import type { Sweep } from '../timers/sweep.ts';
import { WakeUps } from '../timers/wake-ups.ts';
import type { Branches } from './branches.ts';
import type { Warn } from './throttled.ts';

/** How much later than its deadline a release may be rung for; with the sweep it stays well below 1 s (rule 5). */
const DEADLINE_BUCKET_MS = 200;
/** How much later than its time a retry may be rung for. */
const RETRY_BUCKET_MS = 50;

export async function jobCountsOf(timers: Timers) {
  return Promise.all((['deadlines', 'retries'] as const).map(async (queue) => ({ queue, counts: await timers[queue].counts() })));
}

export interface Timers {
  readonly deadlines: WakeUps;
  readonly retries: WakeUps;
}

export function startTimers(redisUrl: string, databaseUrl: string, sweep: Sweep, branches: Branches, warn: Warn): Timers {
  const onFault = (err: unknown): void =>
    warn({ err }, 'Redis does not answer; deadlines and retries are kept by the sweep alone');
  const common = { redisUrl, prefix: prefixOf(databaseUrl), onFault };
  return {
    deadlines: new WakeUps({ ...common, queue: 'deadlines', bucketMs: DEADLINE_BUCKET_MS, onDue: () => sweep.wake() }),
    retries: new WakeUps({ ...common, queue: 'retries', bucketMs: RETRY_BUCKET_MS, onDue: () => branches.wake() }),
  };
}

/** Deployments that share a Redis server must not wake each other's sweeps: the database tells them apart. */
export function prefixOf(databaseUrl: string): string {
  const { host, pathname, search } = new URL(databaseUrl);
  return `holdfast-${createHash('sha256').update(`${host}${pathname}${search}`).digest('hex').slice(0, 12)}`;
}
