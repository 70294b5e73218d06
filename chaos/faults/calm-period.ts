// Owns the periods in which something is away for longer than others may take to do without it.
import type { Chance } from '../random.ts';
import type { Deck } from './deck.ts';
import type { Drawn, FaultKind } from './fault.ts';
import {
  AFTERMATH_MS,
  BETWEEN_MS,
  drawWhere,
  neededFor,
  type PlannedFault,
  type PlannedPeriod,
  type PlanOptions,
  type Room,
} from './period.ts';

/** Others hear of a dead coordinator's end; from then on a release waits for nobody. */
const HEARD_MS = 5_200;

/**
 * A coordinator, Redis, or one after the other both, are away for longer than anybody may take to do without them. Beside it strikes
 * only what excuses nobody: wrong clocks, what befalls Redis, and one participant, which those have nothing to do with who ask others.
 * @returns null where there is too little time
 */
export function calmPeriod(chance: Chance, options: PlanOptions, deck: Deck, room: Room, kind: FaultKind): PlannedPeriod | null {
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
