// Owns the plan of a run: which faults strike when, all of it drawn from the seed before anything starts. About a quarter is quiet.
import type { Chance } from '../random.ts';
import { calmPeriod } from './calm-period.ts';
import { COORDINATOR_FAULTS } from './coordinators.ts';
import { type Deck, deckOf } from './deck.ts';
import type { Drawn, FaultKind } from './fault.ts';
import { FLOOD, LINK_FAULTS } from './links.ts';
import {
  AFTERMATH_MS,
  BETWEEN_MS,
  drawWhere,
  neededFor,
  type PlannedFault,
  type PlannedPeriod,
  type PlanOptions,
  QUIET_SHARE,
  type Room,
} from './period.ts';
import { PARTICIPANT_FAULTS, POSTGRES_FAULTS, REDIS_FAULTS } from './servers.ts';

export type { PlannedFault, PlannedPeriod, PlanOptions } from './period.ts';

export const FAULT_KINDS: readonly FaultKind[] = [
  ...COORDINATOR_FAULTS,
  ...POSTGRES_FAULTS,
  ...REDIS_FAULTS,
  ...LINK_FAULTS,
  ...PARTICIPANT_FAULTS,
  FLOOD,
];

/** So long does a stretch of faults last where there is time, and as long as its longest fault where that takes longer. */
const SHORTEST_PERIOD_MS = 3_000;
/** Where there is little time, several faults of one part follow each other in one period, for so long. */
const LONGEST_CHAIN_MS = 7_000;

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
    const last = periods.at(-1);
    if (last !== undefined && last.faults.length > 0) {
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
    const restedMs = last === undefined ? AFTERMATH_MS : last.faults.length > 0 ? 0 : last.toMs - last.fromMs;
    const period = nextPeriod(chance, options, deck, { fromMs: nowMs, leftMs, restedMs });
    periods.push(period);
    nowMs = period.toMs;
  }
  return periods;
}

function nextPeriod(chance: Chance, options: PlanOptions, deck: Deck, room: Room): PlannedPeriod {
  const unfit: FaultKind[] = [];
  try {
    for (let draws = options.kinds.length; draws > 0; draws -= 1) {
      const kind = deck.next();
      if (kind.inCalm !== true) {
        deck.giveBack(kind);
        return periodOfFaults(chance, options, deck, room);
      }
      const period = calmPeriod(chance, options, deck, room, kind);
      if (period !== null) return period;
      unfit.push(kind);
    }
    return { fromMs: room.fromMs, toMs: room.fromMs + room.leftMs, faults: [] };
  } finally {
    // Below the others, so that they do not stop these.
    const others = deck.take(() => true, options.kinds.length);
    for (const kind of [...unfit, ...others]) deck.giveBack(kind);
  }
}

function periodOfFaults(chance: Chance, options: PlanOptions, deck: Deck, room: Room): PlannedPeriod {
  const { fromMs, leftMs } = room;
  const chains = new Map<string, { kind: FaultKind; fault: Drawn; lastsMs: number }[]>();
  const postponed: FaultKind[] = [];
  const taken = new Set<string>();
  const needed = neededFor(deck, room);
  const isHurried = needed > 3;
  let struck = 0;
  const wanted = Math.min(options.kinds.length, Math.max(needed, chance.happens(0.5) ? 1 : chance.between(2, 3)));
  const most = isHurried ? options.kinds.length : wanted;
  for (let draws = 0; draws < most && struck < wanted; draws += 1) {
    const kind = deck.next();
    const free = drawWhere(chance, kind, options, ({ parts }) => parts.every((part) => !taken.has(part)));
    const fault = free ?? (isHurried ? kind.draw(chance, options) : null);
    const lastsMs = chance.between(...kind.lastsMs);
    // The same part is in trouble already, or too little time is left for it to be felt.
    const chain = fault === null ? [] : (chains.get(fault.parts.join()) ?? []);
    const isTooLong = free === null && lengthOf([...chain, { lastsMs }]) > Math.min(LONGEST_CHAIN_MS, leftMs);
    if (fault === null || isTooLong || kind.lastsMs[0] > leftMs || kind.inCalm === true) {
      postponed.push(kind);
      continue;
    }
    for (const part of fault.parts) taken.add(part);
    chains.set(fault.parts.join(), [...chain, { kind, fault, lastsMs }]);
    struck += 1;
  }
  for (const kind of postponed) deck.giveBack(kind);
  const longestMs = Math.max(SHORTEST_PERIOD_MS, ...[...chains.values()].map(lengthOf));
  const lengthMs = Math.min(leftMs, longestMs);
  const faults = [...chains.values()].flatMap((chain) => {
    let begin = fromMs + chance.between(0, Math.max(0, lengthMs - lengthOf(chain)));
    return chain.map(({ kind, fault, lastsMs }): PlannedFault => {
      const planned = { kind: kind.name, fromMs: begin, toMs: Math.min(begin + lastsMs, fromMs + lengthMs), drawn: fault };
      begin += lastsMs + BETWEEN_MS;
      return planned;
    });
  });
  return { fromMs, toMs: fromMs + lengthMs, faults };
}

function lengthOf(chain: readonly { readonly lastsMs: number }[]): number {
  return chain.reduce((sum, { lastsMs }) => sum + lastsMs, (chain.length - 1) * BETWEEN_MS);
}
