// Owns the order in which kinds of faults have their turns: every kind once before any comes again.
import type { Chance } from '../random.ts';
import type { FaultKind } from './fault.ts';

export interface Deck {
  /** Every kind once, in a shuffled order, before any comes again. */
  next(): FaultKind;
  /** One that could not strike now is next in another period. */
  giveBack(kind: FaultKind): void;
  /** Takes those that are still to come in this round, at most so many. */
  take(isWanted: (kind: FaultKind) => boolean, most: number): FaultKind[];
  /** How many have not had their first turn. */
  waiting(): number;
}

export function deckOf(chance: Chance, kinds: readonly FaultKind[]): Deck {
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
