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
const USUAL_PERIOD_MS = 5_500;
const MOST_FAULTS_AT_A_TIME = 6;
/** Where there is little time, several faults of one part follow each other in one period, for so long. */
const LONGEST_CHAIN_MS = 7_000;
const BETWEEN_MS = 300;
const MOST_DRAWS = 20;
/** How long what struck is felt afterwards: a promise is held to its time only from then on (checks/takeover.ts, releases.ts). */
const AFTERMATH_MS = 6_000;
/** Others hear of a dead coordinator's end; from then on a release waits for nobody. */
const HEARD_MS = 5_200;

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

interface Deck {
  /** Every kind once, in a shuffled order, before any comes again. */
  next(): FaultKind;
  /** One that could not strike now is next in another period. */
  giveBack(kind: FaultKind): void;
  /** Takes those that are still to come in this round, at most so many. */
  take(isWanted: (kind: FaultKind) => boolean, most: number): FaultKind[];
  /** How many have not had their first turn. */
  waiting(): number;
}

function deckOf(chance: Chance, kinds: readonly FaultKind[]): Deck {
  // What needs much time comes first: a short run has it in its beginning, or not at all.
  const shuffled = chance.shuffled(kinds);
  let left = [...shuffled.filter(({ inCalm }) => inCalm !== true), ...shuffled.filter(({ inCalm }) => inCalm === true)];
  let isFirstRound = true;
  const refill = (): void => {
    if (left.length > 0) return;
    left = chance.shuffled(kinds);
    isFirstRound = false;
  };
  return {
    next: () => {
      refill();
      return left.pop() as FaultKind;
    },
    giveBack: (kind) => void left.push(kind),
    take: (isWanted, most) => {
      const taken = left.filter(isWanted).slice(0, most);
      left = left.filter((kind) => !taken.includes(kind));
      return taken;
    },
    waiting: () => (isFirstRound ? left.length : 0),
  };
}

interface Room {
  readonly fromMs: number;
  readonly leftMs: number;
  /** How long nothing has struck. */
  readonly restedMs: number;
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

/**
 * A coordinator, Redis, or one after the other both, are away for longer than anybody may take to do without them. Beside it strikes
 * only what excuses nobody: wrong clocks, what befalls Redis, and one participant, which those have nothing to do with who ask others.
 * @returns null where there is too little time
 */
function calmPeriod(chance: Chance, options: PlanOptions, deck: Deck, room: Room, kind: FaultKind): PlannedPeriod | null {
  const leadMs = Math.max(0, AFTERMATH_MS - room.restedMs);
  const others = deck.take(({ inCalm }) => inCalm === true, 1);
  const [coordinator, redis] = ['coordinator-away', 'redis-away'].map((name) =>
    [kind, ...others].find((each) => each.name === name),
  );
  const lasting = (each: FaultKind | undefined): number => (each === undefined ? 0 : chance.between(...each.lastsMs));
  const [coordinatorMs, redisMs] = [lasting(coordinator), lasting(redis)];
  const redisAfterMs = coordinator === undefined ? 0 : HEARD_MS;
  const lengthMs = leadMs + Math.max(coordinatorMs, redisAfterMs + redisMs);
  if (lengthMs > room.leftMs) {
    for (const each of others) deck.giveBack(each);
    return null;
  }
  const faults: PlannedFault[] = [];
  const place = (each: FaultKind, drawn: Drawn, beginMs: number, lastsMs: number): void => {
    const fromMs = room.fromMs + leadMs + beginMs;
    faults.push({ kind: each.name, fromMs, toMs: fromMs + lastsMs, drawn });
  };
  const away = coordinator?.draw(chance, options);
  if (coordinator !== undefined && away !== undefined) place(coordinator, away, 0, coordinatorMs);
  if (redis !== undefined) place(redis, redis.draw(chance, options), redisAfterMs, redisMs);
  /** One after the other, until there is no more time. */
  const follow = (kinds: readonly FaultKind[], untilMs: number, isRight: (drawn: Drawn) => boolean): void => {
    let nowMs = BETWEEN_MS;
    for (const each of kinds) {
      const lastsMs = chance.between(...each.lastsMs);
      const drawn = drawWhere(chance, each, options, isRight);
      if (drawn === null || nowMs + lastsMs > untilMs) {
        deck.giveBack(each);
        continue;
      }
      place(each, drawn, nowMs, lastsMs);
      nowMs += lastsMs + BETWEEN_MS;
    }
  };
  const awayParts = away?.parts ?? [];
  const isElsewhere = (drawn: Drawn): boolean => drawn.parts.every((part) => !awayParts.includes(part));
  const participant = options.participants[chance.between(0, options.participants.length - 1)];
  const lastMs = lengthMs - leadMs;
  const most = Math.max(2, neededFor(deck, room) + 2);
  follow(
    deck.take(({ name }) => name.startsWith('participant-'), most),
    lastMs,
    ({ target }) => target === participant,
  );
  follow(
    deck.take(({ name }) => name === 'coordinator-clock', 1),
    lastMs,
    isElsewhere,
  );
  const isQuick = ({ name, lastsMs }: FaultKind): boolean => name.startsWith('redis-') && lastsMs[1] < 1_000;
  follow(redis === undefined ? [] : deck.take(isQuick, 3), redisAfterMs - BETWEEN_MS, () => true);
  return { fromMs: room.fromMs, toMs: room.fromMs + lengthMs, faults };
}

/** How many must strike at a time, so that each kind has had its turn when the time is over. */
function neededFor(deck: Deck, { leftMs }: Room): number {
  const periods = (leftMs * (1 - QUIET_SHARE)) / USUAL_PERIOD_MS;
  return Math.min(MOST_FAULTS_AT_A_TIME, Math.ceil((deck.waiting() * 1.1) / Math.max(1, periods)));
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

function drawWhere(chance: Chance, kind: FaultKind, layout: Layout, isRight: (drawn: Drawn) => boolean): Drawn | null {
  for (let draw = 0; draw < MOST_DRAWS; draw += 1) {
    const fault = kind.draw(chance, layout);
    if (isRight(fault)) return fault;
  }
  return null;
}
