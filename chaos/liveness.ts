// Owns the look at life after the last fault: how soon the throughput is back, and how soon nothing is open any more.
import { setTimeout as delay } from 'node:timers/promises';
import type { Load } from './load/ports.ts';

/** The share of the throughput before the first fault that counts as recovered, and within which time. */
const WANTED_SHARE = 0.6;
export const RECOVER_BOUND_MS = 10_000;
const WINDOW_MS = 1_000;
const LOOK_EVERY_MS = 100;

/** Operations answered a second, over so long. */
export async function measureThroughput(load: Load, overMs: number, stop: AbortSignal): Promise<number> {
  const [answered, from] = [load.answered(), performance.now()];
  await delay(overMs, undefined, { signal: stop }).catch(() => undefined);
  return ((load.answered() - answered) * 1_000) / (performance.now() - from);
}

export interface Recovery {
  /** Answered operations a second, in the best window. */
  readonly best: number;
  /** When the first window that was good enough ended; null where none was. */
  readonly afterMs: number | null;
}

/** Looks for a second in which as much is answered again as is wanted. */
export async function watchRecovery(load: Load, before: number, stop: AbortSignal): Promise<Recovery> {
  const begunMs = performance.now();
  const seen: { readonly atMs: number; readonly answered: number }[] = [{ atMs: begunMs, answered: load.answered() }];
  let best = 0;
  while (performance.now() - begunMs < RECOVER_BOUND_MS && !stop.aborted) {
    await delay(LOOK_EVERY_MS);
    const now = { atMs: performance.now(), answered: load.answered() };
    seen.push(now);
    const start = seen.findLast(({ atMs }) => now.atMs - atMs >= WINDOW_MS);
    if (start === undefined) continue;
    best = Math.max(best, ((now.answered - start.answered) * 1_000) / (now.atMs - start.atMs));
    if (best >= before * WANTED_SHARE) return { best, afterMs: now.atMs - begunMs };
  }
  return { best, afterMs: null };
}

export interface Settling {
  /** By the real clock; null where something was open to the end of the wait. */
  readonly settledMs: number | null;
  readonly stillOpen: number;
}

/** Waits until nothing is open, at most so long. */
export async function waitUntilSettled(countOpen: () => Promise<number>, withinMs: number, stop: AbortSignal): Promise<Settling> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const stillOpen = await countOpen();
    if (stillOpen === 0) return { settledMs: Date.now(), stillOpen };
    if (performance.now() > deadline || stop.aborted) return { settledMs: null, stillOpen };
    await delay(LOOK_EVERY_MS);
  }
}
