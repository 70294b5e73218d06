// Owns the look from outside at a release on a large scale: what is still held, how long locks are, how much memory it takes.
import { connect, statement } from './database.ts';
import { pause } from './pause.ts';
import type { System } from './system.ts';

const SAMPLE_EVERY_MS = 20;
const COUNT_EVERY_MS = 250;

export interface Watched {
  /** From the first release seen to the last. */
  readonly releasedPerSecond: number;
  readonly longestLockMs: number;
  readonly mostResidentBytes: number;
  /** Whether everything was released before the patience ended. */
  readonly finished: boolean;
}

interface Held {
  readonly held: number;
}

/**
 * Watches until nothing of DUE-… is reserved any more.
 * @param held how much is at the start
 * @param patienceMs when to give up
 */
export async function watchRelease(database: string, system: System, held: number, patienceMs: number): Promise<Watched> {
  const sampler = await connect(database);
  const counter = await connect(database);
  const longestLock = await statement('longest-lock');
  const until = performance.now() + patienceMs;
  const seen = { left: held, firstAt: Number.NaN, firstLeft: held, lastAt: Number.NaN, lockMs: 0, bytes: 0, over: false };

  const sampleLocks = async (): Promise<void> => {
    while (!seen.over) {
      const { rows } = await sampler.query<{ ageMs: number }>(longestLock);
      seen.lockMs = Math.max(seen.lockMs, rows[0]?.ageMs ?? 0);
      await pause(SAMPLE_EVERY_MS);
    }
  };
  const countHeld = async (): Promise<void> => {
    while (!seen.over) {
      // The counters of a few hundred SKUs, not the reservations: the look must not cost what it looks for.
      const { rows } = await counter.query<Held>(
        `SELECT coalesce(sum(reserved), 0)::float8 AS held FROM holdfast.stock WHERE sku LIKE 'DUE-%'`,
      );
      const left = rows[0]?.held ?? seen.left;
      const now = performance.now();
      if (left < held && Number.isNaN(seen.firstAt)) Object.assign(seen, { firstAt: now, firstLeft: left });
      if (left < seen.left) seen.lastAt = now;
      seen.left = left;
      seen.bytes = Math.max(seen.bytes, await system.residentBytes());
      seen.over = left === 0 || now > until;
      await pause(COUNT_EVERY_MS);
    }
  };
  try {
    await Promise.all([sampleLocks(), countHeld()]);
  } finally {
    seen.over = true;
    await sampler.end();
    await counter.end();
  }
  return {
    releasedPerSecond: (seen.firstLeft - seen.left) / ((seen.lastAt - seen.firstAt) / 1000),
    longestLockMs: seen.lockMs,
    mostResidentBytes: seen.bytes,
    finished: seen.left === 0,
  };
}
