// Owns the load of a run: actors that live through one story after the other, their rest, and the flood beside them.
import { setTimeout as delay } from 'node:timers/promises';
import { type Chance, chanceOf } from '../random.ts';
import type { OperationRecord } from '../record.ts';
import { createClient, type Question, type Reply } from './client.ts';
import { FLOOD_CALLERS, startFlood } from './flood.ts';
import { makeGate } from './gate.ts';
import { narratorFor, PATIENT_MS, type Surroundings } from './narrator.ts';
import type { Load, LoadOptions } from './ports.ts';
import { movementOf } from './questions.ts';
import { STOCKED } from './shelves.ts';
import { STORIES, type Story } from './stories.ts';

const STOCK_TRIES = 20;
const STOCK_AT_A_TIME = 16;

export function createLoad({ seed, urls, participants, actors, record }: LoadOptions): Load {
  let sent = 0;
  let answered = 0;
  const recordAndCount = (operation: OperationRecord): void => {
    const { outcome, isFlood } = operation;
    if (!isFlood && outcome.kind === 'answer' && outcome.status < 500) answered += 1;
    record(operation);
  };
  const common = { urls, nextNumber: () => ++sent, record: recordAndCount };
  const client = createClient({ ...common, connections: null, isFlood: false });
  const floodClient = createClient({ ...common, connections: Math.ceil(FLOOD_CALLERS / urls.length), isFlood: true });
  const gate = makeGate();
  const ended = new AbortController();
  const chance = chanceOf(seed, 'load');
  const rest = (ms: number): Promise<void> => delay(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  const ask = (instance: number, question: Question, limitMs: number): Promise<Reply> =>
    gate.pass(async () => {
      if (ended.signal.aborted) throw new LoadHasEnded();
      return client.ask(instance, question, limitMs);
    });
  let acting: Promise<unknown> | null = null;
  let endFlood: (() => Promise<void>) | null = null;
  const stopFlood = async (): Promise<void> => {
    const end = endFlood;
    endFlood = null;
    await end?.();
  };
  return {
    stock: () => stockAll(chance.of('stock'), (question) => client.ask(0, question, PATIENT_MS)),
    start: () => {
      gate.open();
      acting ??= Promise.all(
        Array.from({ length: actors }, (_, number) =>
          act({
            chance: chance.of(`actor-${number}`),
            instances: urls.length,
            participants,
            ask,
            rest,
            hasEnded: () => ended.signal.aborted,
          }),
        ),
      );
      // stop() tells what went wrong; until then nobody listens.
      acting.catch(() => undefined);
    },
    pause: gate.close,
    startFlood: () => {
      endFlood ??= startFlood({ chance: chance.of('flood'), instances: urls.length, client: floodClient, rest });
    },
    stopFlood,
    answered: () => answered,
    stop: async () => {
      ended.abort();
      client.abort();
      floodClient.abort();
      gate.open();
      try {
        await Promise.all([stopFlood(), acting]);
      } finally {
        await Promise.all([client.close(), floodClient.close()]);
      }
    },
  };
}

/** A story in the middle of which the load ends stays as it is. */
class LoadHasEnded extends Error {}

/** Lives through one story after the other, each drawn by its weight. */
async function act(surroundings: Surroundings): Promise<void> {
  for (let number = 1; !surroundings.hasEnded(); number += 1) {
    // Whatever one story met with, the next one is the same.
    const chance = surroundings.chance.of(`story-${number}`);
    const narrator = narratorFor({ ...surroundings, chance });
    await drawStory(chance)
      .tell(narrator)
      .catch((error: unknown) => {
        if (!(error instanceof LoadHasEnded)) throw error;
      });
    await narrator.think();
  }
}

const WEIGHT_OF_ALL = STORIES.reduce((sum, { weight }) => sum + weight, 0);

function drawStory(chance: Chance): Story {
  let left = chance.fraction() * WEIGHT_OF_ALL;
  for (const story of STORIES) {
    left -= story.weight;
    if (left < 0) return story;
  }
  throw new RangeError('the weights of the stories do not add up');
}

async function stockAll(chance: Chance, ask: (question: Question) => Promise<Reply>): Promise<void> {
  const movements = STOCKED.map(({ place, quantity }) => movementOf(chance.uuid(), place, 'RECEIVE', quantity));
  const stockOne = async (movement: Question): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      const { outcome } = await ask(movement);
      if (outcome.kind === 'answer' && outcome.status < 300) return;
      if (attempt === STOCK_TRIES) throw new Error(`nothing can be stocked: ${JSON.stringify(outcome)}`);
      await delay(100);
    }
  };
  for (let at = 0; at < movements.length; at += STOCK_AT_A_TIME) {
    await Promise.all(movements.slice(at, at + STOCK_AT_A_TIME).map(stockOne));
  }
}
