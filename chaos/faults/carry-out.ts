// Owns carrying out a plan: every fault strikes at its time and is healed at its end, and what really happened is written down.
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/ports.ts';
import type { Load } from '../load/ports.ts';
import type { FaultRecord, PeriodRecord } from '../record.ts';
import type { PlannedFault, PlannedPeriod } from './plan.ts';

/** A fault that cannot be healed by then has broken the harness, not the system. */
const HEAL_LIMIT_MS = 60_000;

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
      ...period.faults.map((fault) => carryOutOne(fault, begunMs, surroundings)),
    ]);
    const faults = [...new Set(period.faults.map(({ kind }) => kind))];
    surroundings.write({ type: 'period', name: faults.length === 0 ? 'quiet' : 'faults', faults, fromMs, toMs: Date.now() });
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
}

async function carryOutOne(fault: PlannedFault, begunMs: number, surroundings: Surroundings): Promise<void> {
  const { cluster, load, stop, write } = surroundings;
  await until(begunMs + fault.fromMs, stop);
  if (stop.aborted) return;
  const over = new AbortController();
  const fromMs = Date.now();
  const heal = await fault.drawn.strike({ cluster, load, over: over.signal });
  await until(begunMs + fault.toMs, stop);
  over.abort();
  await withinLimit(heal(), `${fault.kind} of ${fault.drawn.target}`);
  write({ type: 'fault', kind: fault.kind, target: fault.drawn.target, fromMs, toMs: Date.now(), note: fault.drawn.note });
}

async function withinLimit(healing: Promise<void>, what: string): Promise<void> {
  const timer = new AbortController();
  const late = delay(HEAL_LIMIT_MS, 'late' as const, { signal: timer.signal }).catch(() => 'in time' as const);
  try {
    const first = await Promise.race([healing.then(() => 'healed' as const), late]);
    if (first === 'late') throw new Error(`${what} could not be healed within ${HEAL_LIMIT_MS / 1_000} s`);
  } finally {
    timer.abort();
  }
}

/** @param moment by performance.now() */
async function until(moment: number, stop: AbortSignal): Promise<void> {
  const leftMs = moment - performance.now();
  if (leftMs > 0) await delay(leftMs, undefined, { signal: stop }).catch(() => undefined);
}
