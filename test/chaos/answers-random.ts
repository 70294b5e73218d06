// Owns sound evidence by chance: many callers at many transactions of a few SKUs at once, with retries, races and lost answers.
import { type Chance, chanceOf } from '../../chaos/random.ts';
import type { Line } from '../support/commands.ts';
import type { Course } from './answers-fixtures.ts';
import { Story } from './answers-fixtures.ts';

const SKUS = ['hot', 'cold-1', 'cold-2', 'sold-out'] as const;
const TIMEOUTS_MS = [100, 1_000, 10_000] as const;

/** @param transactions how many there are to be */
export function randomStory(seed: number, transactions: number): Story {
  const chance = chanceOf(seed);
  const story = new Story();
  SKUS.forEach((sku, index) => void story.move(900_000 + index, [sku, sku === 'sold-out' ? 3 : 1_000]));
  const open: number[] = [];
  for (let id = 1; id <= transactions; id += 1) {
    open.push(id);
    for (let count = chance.between(1, 6); count > 0; count -= 1)
      act(story, chance, chance.happens(0.5) ? id : chance.pick(open), id);
    if (open.length > 12) open.shift();
  }
  // All that is still open is released in the end.
  story.after(20_000);
  for (let id = 1; id <= transactions; id += 1) settle(story, id);
  for (const sku of SKUS) story.getStock(sku);
  return story;
}

function act(story: Story, chance: Chance, id: number, newest: number): void {
  story.after(chance.between(0, 3));
  const course = courseOf(chance);
  const lines = linesOf(id);
  const branches = id % 5 === 0 ? ['payment', 'points'] : [];
  const timeoutMs = TIMEOUTS_MS[id % 3] ?? 1_000;
  const refunded = chance.happens(0.5) ? null : lines.slice(0, 1);
  const nameless = 100_000 + story.operations.length;
  const tryAgain = (): unknown =>
    story.try(id, lines, { ...(branches.length > 0 ? exact(course) : course), timeoutMs, branches });
  const acts: readonly (() => unknown)[] = [
    () => story.confirm(id, course),
    () => story.cancel(id, course),
    () => story.confirmPart(id, lines.slice(0, 1), exact(course)),
    () => story.refund(id, chance.between(1, 3), refunded, exact(course)),
    () => story.refund(id, null, null, exact(course)),
    () => story.extend(id, 5_000, exact(course)),
    () => story.expire(id),
    () => story.get(id, course),
    () => story.getStock(chance.pick(SKUS), course),
    () => story.move(chance.between(1, newest), [chance.pick(SKUS), chance.pick([-4, 3, 5])], exact(course)),
    () => story.count(nameless, 'counted', chance.between(0, 9), exact(course)),
    () => story.participantsSay(id, chance.pick(['done', 'done', 'done', 'failed', 'refused'])),
    () => story.try(nameless, lines, { ...course, timeoutMs, idGiven: false }),
    () => story.try(id, [['hot', 7]], { ...course, timeoutMs }),
    tryAgain,
    tryAgain,
  ];
  chance.pick(acts)();
}

/** The same basket for the same id. */
function linesOf(id: number): readonly Line[] {
  const quantity = (id % 3) + 1;
  if (id % 7 === 0) return [['sold-out', 2]];
  return id % 2 === 0
    ? [
        ['hot', quantity],
        ['cold-1', 1],
        ['hot', 1],
      ]
    : [['hot', quantity]];
}

function courseOf(chance: Chance): Course {
  const lagMs = chance.happens(0.2) ? chance.between(1, 20) : 0;
  const heard = chance.happens(0.75) ? 'answer' : chance.pick(['lost', 'dropped', 'busy'] as const);
  return {
    sentBeforeMs: lagMs + chance.between(0, 40),
    endedAfterMs: chance.between(0, 40),
    heard,
    lagMs,
    isFlood: chance.happens(0.2),
  };
}

/** The exact path reads the clock after its locks. */
function exact(course: Course): Course {
  return { ...course, lagMs: 0 };
}

/** Participants fail until they do not, and what is due is swept up. */
function settle(story: Story, id: number): void {
  story.expire(id);
  for (let round = 0; round < 3; round += 1) story.participantsSay(id, 'done');
}
