// Owns the plan of a run: which faults strike when, all of it drawn from the seed before anything starts. About a quarter is quiet.
import type { Chance } from '../random.ts';
import { COORDINATOR_FAULTS } from './coordinators.ts';
import type { Drawn, FaultKind, Layout } from './fault.ts';
import { FLOOD, LINK_FAULTS } from './links.ts';
import { PARTICIPANT_FAULTS, POSTGRES_FAULTS, REDIS_FAULTS } from './servers.ts';

export const FAULT_KINDS: readonly FaultKind[] = [
  ...COORDINATOR_FAULTS,
  ...POSTGRES_FAULTS,
  ...REDIS_FAULTS,
  ...LINK_FAULTS,
  ...PARTICIPANT_FAULTS,
  FLOOD,
];

export interface PlannedFault {
  readonly kind: string;
  /** From the beginning of the plan. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly drawn: Drawn;
}

export interface PlannedPeriod {
  readonly fromMs: number;
  readonly toMs: number;
  /** None in a quiet one. */
  readonly faults: readonly PlannedFault[];
}

export interface PlanOptions extends Layout {
  readonly durationMs: number;
  /** Which faults may strike; each strikes once before any strikes again. */
  readonly kinds: readonly FaultKind[];
}

const QUIET_SHARE = 0.25;
/** So long does a stretch of faults last where there is time, and as long as its longest fault where that takes longer. */
const SHORTEST_PERIOD_MS = 3_000;
const MOST_FAULTS_AT_A_TIME = 4;
const MOST_DRAWS = 20;

/**
 * Draws a plan.
 * @throws Error where there are no kinds to draw from
 */
export function planOf(chance: Chance, options: PlanOptions): PlannedPeriod[] {
  const { durationMs, kinds } = options;
  if (kinds.length === 0) throw new Error('a plan needs kinds of faults');
  const deck = deckOf(chance, kinds);
  const periods: PlannedPeriod[] = [];
  let nowMs = 0;
  let quietMs = 0;
  while (nowMs < durationMs) {
    const leftMs = durationMs - nowMs;
    if (periods.length > 0 && (periods.at(-1)?.faults.length ?? 0) > 0) {
      // As much as makes a quarter of all so far quiet, this stretch included: quiet times are spread over the run.
      const missingMs = (nowMs * QUIET_SHARE - quietMs) / (1 - QUIET_SHARE);
      const toMs = nowMs + Math.min(leftMs, Math.max(500, missingMs));
      if (missingMs > 0) {
        periods.push({ fromMs: nowMs, toMs, faults: [] });
        quietMs += toMs - nowMs;
        nowMs = toMs;
        continue;
      }
    }
    const period = periodOfFaults(chance, options, deck, nowMs, leftMs);
    periods.push(period);
    nowMs = period.toMs;
  }
  return periods;
}

interface Deck {
  /** Every kind once, in a shuffled order, before any comes again. */
  next(): FaultKind;
  /** One that could not strike now is next in another period. */
  giveBack(kind: FaultKind): void;
}

function deckOf(chance: Chance, kinds: readonly FaultKind[]): Deck {
  let left: FaultKind[] = [];
  return {
    next: () => {
      if (left.length === 0) left = chance.shuffled(kinds);
      return left.pop() as FaultKind;
    },
    giveBack: (kind) => void left.push(kind),
  };
}

function periodOfFaults(chance: Chance, options: PlanOptions, deck: Deck, fromMs: number, leftMs: number): PlannedPeriod {
  const drawn: { kind: FaultKind; fault: Drawn; lastsMs: number }[] = [];
  const postponed: FaultKind[] = [];
  const taken = new Set<string>();
  for (let wanted = howMany(chance, options); wanted > 0; wanted -= 1) {
    const kind = deck.next();
    const fault = drawBeside(chance, kind, options, taken);
    // The same part is in trouble already, or too little time is left for it to be felt.
    if (fault === null || kind.lastsMs[0] > leftMs) {
      postponed.push(kind);
      continue;
    }
    for (const part of fault.parts) taken.add(part);
    drawn.push({ kind, fault, lastsMs: chance.between(...kind.lastsMs) });
  }
  for (const kind of postponed) deck.giveBack(kind);
  const longestMs = Math.max(SHORTEST_PERIOD_MS, ...drawn.map(({ lastsMs }) => lastsMs));
  const lengthMs = Math.min(leftMs, longestMs);
  const faults = drawn.map(({ kind, fault, lastsMs }): PlannedFault => {
    const begin = fromMs + chance.between(0, Math.max(0, lengthMs - lastsMs));
    return { kind: kind.name, fromMs: begin, toMs: Math.min(begin + lastsMs, fromMs + lengthMs), drawn: fault };
  });
  return { fromMs, toMs: fromMs + lengthMs, faults };
}

/** A short run mixes more at a time, so that each kind has its turn; a long one has many strike alone. */
function howMany(chance: Chance, { durationMs, kinds }: PlanOptions): number {
  const periods = (durationMs * (1 - QUIET_SHARE)) / 5_500;
  const needed = Math.min(MOST_FAULTS_AT_A_TIME, Math.ceil((kinds.length * 1.15) / periods));
  return Math.min(kinds.length, Math.max(needed, chance.happens(0.5) ? 1 : chance.between(2, 3)));
}

function drawBeside(chance: Chance, kind: FaultKind, layout: Layout, taken: ReadonlySet<string>): Drawn | null {
  for (let draw = 0; draw < MOST_DRAWS; draw += 1) {
    const fault = kind.draw(chance, layout);
    if (fault.parts.every((part) => !taken.has(part))) return fault;
  }
  return null;
}
