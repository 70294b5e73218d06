// Owns carrying out a plan: every fault strikes at its time and is healed at its end, and what really happened is written down.
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/ports.ts';
import type { Load } from '../load/ports.ts';
import type { FaultRecord, PeriodRecord } from '../record.ts';
import type { PlannedFault, PlannedPeriod } from './plan.ts';

/** A fault that cannot strike, or be healed, by then has broken the harness, not the system. */
const HEAL_LIMIT_MS = 60_000;
const STRIKE_LIMIT_MS = 30_000;

export interface Surroundings {
  readonly cluster: Cluster;
  readonly load: Load;
  write(record: FaultRecord | PeriodRecord): void;
  /** Ends the run early; what has struck is healed all the same. */
  readonly stop: AbortSignal;
}

/**
 * Carries out a plan from now on. Resolves when all of it is over and healed.
 * @throws Error where a fault cannot be healed, or where it could not strike
 */
export async function carryOut(plan: readonly PlannedPeriod[], surroundings: Surroundings): Promise<void> {
  for (const period of plan) {
    if (surroundings.stop.aborted) return;
    // Where healing took longer than was planned the rest begins later: it loses none of its time, the quiet least of all.
    const begunMs = performance.now() - period.fromMs;
    const fromMs = Date.now();
    const outcomes = await Promise.allSettled([
      until(begunMs + period.toMs, surroundings.stop),
      ...carryOutAll(period.faults, begunMs, surroundings),
    ]);
    const faults = [...new Set(period.faults.map(({ kind }) => kind))];
    surroundings.write({ type: 'period', name: faults.length === 0 ? 'quiet' : 'faults', faults, fromMs, toMs: Date.now() });
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

/** What befalls a part waits until what befell it before is healed, however long that took. */
function carryOutAll(faults: readonly PlannedFault[], begunMs: number, surroundings: Surroundings): Promise<void>[] {
  const struck: { readonly fault: PlannedFault; readonly over: Promise<void> }[] = [];
  for (const fault of faults.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const before = struck.filter((other) => other.fault.drawn.parts.some((part) => fault.drawn.parts.includes(part)));
    const over = Promise.allSettled(before.map((other) => other.over)).then(() => carryOutOne(fault, begunMs, surroundings));
    struck.push({ fault, over });
  }
  return struck.map(({ over }) => over);
}

async function carryOutOne(fault: PlannedFault, begunMs: number, surroundings: Surroundings): Promise<void> {
  const { cluster, load, stop, write } = surroundings;
  await until(begunMs + fault.fromMs, stop);
  if (stop.aborted) return;
  const over = new AbortController();
  const what = `${fault.kind} of ${fault.drawn.target}`;
  await withinLimit(fault.drawn.prepare?.({ cluster }) ?? Promise.resolve(), `${what} could not be prepared`, STRIKE_LIMIT_MS);
  const fromMs = Date.now();
  const heal = await withinLimit(
    fault.drawn.strike({ cluster, load, over: over.signal }),
    `${what} could not strike`,
    STRIKE_LIMIT_MS,
  );
  await until(begunMs + fault.toMs, stop);
  over.abort();
  await withinLimit(heal(), `${what} could not be healed`, HEAL_LIMIT_MS);
  write({ type: 'fault', kind: fault.kind, target: fault.drawn.target, fromMs, toMs: Date.now(), note: fault.drawn.note });
}

async function withinLimit<T>(work: Promise<T>, what: string, limitMs: number): Promise<T> {
  const timer = new AbortController();
  const late = delay(limitMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${what} within ${limitMs / 1_000} s`);
  });
  // Where the work is done first nobody waits for it.
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

/** @param moment by performance.now() */
async function until(moment: number, stop: AbortSignal): Promise<void> {
  const leftMs = moment - performance.now();
  if (leftMs > 0) await delay(leftMs, undefined, { signal: stop }).catch(() => undefined);
}
