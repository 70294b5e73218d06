// Owns the flood: as many requests as the coordinators can take and many more, without a pause, beside the stories.
import type { Chance } from '../random.ts';
import type { Client, Question } from './client.ts';
import { cancelOf, confirmOf, tryOf } from './questions.ts';
import { FLOODED } from './shelves.ts';

/**
 * Each on a connection of its own, spread over the coordinators: ten times as many as tell stories, none of whom pauses, and more than
 * the coordinators' queues hold.
 */
export const FLOOD_CALLERS = 360;
const LIMIT_MS = 6_000;
const TIMEOUT_MS = 3_000;
/** Who is refused a connection would otherwise do nothing but ask for one. */
const AFTER_FAILURE_MS = 50;

export interface FloodSurroundings {
  readonly chance: Chance;
  readonly instances: number;
  readonly client: Client;
  rest(ms: number): Promise<void>;
}

/** Begins. @returns ends it, once what is under way has ended */
export function startFlood({ chance, instances, client, rest }: FloodSurroundings): () => Promise<void> {
  let isOver = false;
  const pour = async (instance: number): Promise<void> => {
    while (!isOver) {
      const id = chance.uuid();
      const items = [{ ...chance.pick(FLOODED), quantity: 1 }];
      const held = await ask(instance, tryOf(id, { items, branches: [], timeoutMs: TIMEOUT_MS }, 'body', null));
      if (!held) await rest(AFTER_FAILURE_MS);
      else if (!isOver) await ask(instance, chance.happens(0.5) ? confirmOf(id, null) : cancelOf(id, null));
    }
  };
  const ask = async (instance: number, question: Question): Promise<boolean> => {
    const minimal = { ...question, headers: { ...question.headers, prefer: 'return=minimal' } };
    const { outcome } = await client.ask(instance, minimal, LIMIT_MS);
    return outcome.kind === 'answer' && outcome.status < 300;
  };
  const pouring = Array.from({ length: FLOOD_CALLERS }, (_, number) => pour(number % instances));
  return async () => {
    isOver = true;
    await Promise.all(pouring);
  };
}
