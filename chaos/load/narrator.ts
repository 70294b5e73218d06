// Owns what a story may do: ask a coordinator, ask again until there is an answer, ask two things at once, and let time pass.
import type { Chance } from '../random.ts';
import type { Outcome } from '../record.ts';
import type { Question, Reply } from './client.ts';

/** How an ordinary caller waits, and those who give up soon: some even while all is well. */
export const PATIENT_MS = 4_000;
const IMPATIENT_MS = [30, 300] as const;
const HASTY_MS = [1, 8] as const;
const SHARE_OF_HASTY = 0.4;
const MOST_TRIES = 5;
const LONGEST_PAUSE_MS = 1_000;
const SHARE_OF_SWITCHES = 0.5;

export interface Surroundings {
  readonly chance: Chance;
  readonly instances: number;
  readonly participants: readonly string[];
  /** Waits while the load rests. */
  ask(instance: number, question: Question, limitMs: number): Promise<Reply>;
  /** Returns early when the load ends. */
  rest(ms: number): Promise<void>;
  /** Whether the load has ended: a story then ends where it is. */
  hasEnded(): boolean;
}

export interface Narrator extends Surroundings {
  /** Asks once, mostly at home. */
  once(question: Question): Promise<Outcome>;
  /** The same with its headers. */
  look(question: Question): Promise<Reply>;
  /** Asks once and does not wait long. */
  impatiently(question: Question): Promise<Outcome>;
  /** Asks again, elsewhere too, where nothing is known yet: no answer, 503 or 202. A bounded number of times. */
  persistently(question: Question): Promise<Outcome>;
  /** Asks several things at once, of different coordinators where there are. */
  atOnce(...questions: readonly Question[]): Promise<readonly Outcome[]>;
  /** What a caller needs to think; often nothing. */
  think(): Promise<void>;
}

/** @returns a narrator for one story, which has one coordinator for its home */
export function narratorFor(surroundings: Surroundings): Narrator {
  const { chance, instances, ask, rest, hasEnded } = surroundings;
  // Apart, so that how often it must be asked does not move what is asked afterwards.
  const retries = chance.of('retries');
  let home = chance.between(0, instances - 1);
  const look = (question: Question): Promise<Reply> => ask(home, question, PATIENT_MS);
  const once = async (question: Question): Promise<Outcome> => (await look(question)).outcome;
  const goElsewhere = (): void => {
    if (retries.happens(SHARE_OF_SWITCHES)) home = retries.between(0, instances - 1);
  };
  return {
    ...surroundings,
    look,
    once,
    impatiently: async (question) => {
      const [least, most] = chance.happens(SHARE_OF_HASTY) ? HASTY_MS : IMPATIENT_MS;
      return (await ask(home, question, chance.between(least, most))).outcome;
    },
    persistently: async (question) => {
      let outcome = await once(question);
      for (let attempt = 2; attempt <= MOST_TRIES && isOpen(outcome) && !hasEnded(); attempt += 1) {
        await rest(pauseAfter(outcome, retries));
        goElsewhere();
        outcome = await once(question);
      }
      return outcome;
    },
    atOnce: (...questions) =>
      Promise.all(
        questions.map(async (question, index) => (await ask((home + index) % instances, question, PATIENT_MS)).outcome),
      ),
    think: () => rest(chance.happens(0.5) ? 0 : chance.between(0, 100)),
  };
}

function isOpen(outcome: Outcome): boolean {
  return outcome.kind === 'unknown' || outcome.status === 503 || outcome.status === 202;
}

function pauseAfter(outcome: Outcome, chance: Chance): number {
  const wishedMs = outcome.kind === 'answer' && outcome.retryAfter !== null ? outcome.retryAfter * 1_000 : 100;
  return Math.min(LONGEST_PAUSE_MS, wishedMs) * (0.5 + chance.fraction() / 2);
}
