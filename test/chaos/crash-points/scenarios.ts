// Owns what is going on while the coordinator dies: a caller's whole story with one transaction, and how it must end.
import type { Answered, Victim } from './victim.ts';

/** Each basket: so many of one SKU, so many of another. */
export const QUANTITIES = [2, 1] as const;

export interface Basket {
  readonly id: string;
  readonly skus: readonly [string, string];
  readonly participants: readonly [string, string];
}

export interface Scenario {
  readonly name: string;
  /** Lives through it, and returns every 2xx answer in its order. */
  live(victim: Victim, basket: Basket): Promise<readonly Answered[]>;
  readonly ends: {
    readonly state: string;
    readonly reason: string | null;
    /** Of each SKU. */
    readonly sold: readonly [number, number];
  };
  /** Which participants must have heard what in the end; null where none takes part. */
  readonly settled: 'confirm' | 'cancel' | null;
}

const SHORT_MS = 1_200;
const path = ({ id }: Basket): string => `/v1/transactions/${id}`;
const isGood = ({ status }: Answered): boolean => status < 300;

function tryOf({ id, skus, participants }: Basket, more: object, payload: object = {}): object {
  const [first, second] = skus;
  return {
    id,
    items: [
      { sku: first, quantity: QUANTITIES[0] },
      { sku: second, quantity: QUANTITIES[1] },
    ],
    branches: participants.map((participant) => ({ participant, payload })),
    ...more,
  };
}

/** Looks until it is in one of these states. */
async function until(victim: Victim, basket: Basket, states: readonly string[], told: Answered[]): Promise<void> {
  const deadline = performance.now() + 40_000;
  for (;;) {
    const answer = await victim.ask('GET', path(basket));
    if (isGood(answer)) told.push(answer);
    if (states.includes(String(answer.body.state))) return;
    if (performance.now() > deadline) throw new Error(`still ${JSON.stringify(answer.body)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function decide(victim: Victim, basket: Basket, call: 'confirm' | 'cancel', end: string): Promise<readonly Answered[]> {
  const told: Answered[] = [];
  const held = await victim.ask('POST', '/v1/transactions', tryOf(basket, {}));
  if (isGood(held)) told.push(held);
  await until(victim, basket, ['TRIED'], told);
  const decided = await victim.ask('POST', `${path(basket)}/${call}`);
  if (isGood(decided)) told.push(decided);
  await until(victim, basket, [end], told);
  return told;
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a confirm',
    live: (victim, basket) => decide(victim, basket, 'confirm', 'CONFIRMED'),
    ends: { state: 'CONFIRMED', reason: null, sold: [2, 1] },
    settled: 'confirm',
  },
  {
    name: 'a cancel',
    live: (victim, basket) => decide(victim, basket, 'cancel', 'CANCELLED'),
    ends: { state: 'CANCELLED', reason: 'requested', sold: [0, 0] },
    settled: 'cancel',
  },
  {
    name: 'a participant that refuses',
    live: async (victim, basket) => {
      const told: Answered[] = [];
      const held = await victim.ask('POST', '/v1/transactions', tryOf(basket, {}, { refuses: basket.participants[1] }));
      if (isGood(held)) told.push(held);
      await until(victim, basket, ['CANCELLED'], told);
      return told;
    },
    ends: { state: 'CANCELLED', reason: 'participant-refused', sold: [0, 0] },
    settled: 'cancel',
  },
  {
    name: 'a deadline',
    live: async (victim, basket) => {
      const told: Answered[] = [];
      const held = await victim.ask('POST', '/v1/transactions', tryOf(basket, { timeoutMs: SHORT_MS }));
      if (isGood(held)) told.push(held);
      await until(victim, basket, ['CANCELLED'], told);
      return told;
    },
    ends: { state: 'CANCELLED', reason: 'expired', sold: [0, 0] },
    settled: 'cancel',
  },
  {
    name: 'a part that is confirmed, and given back',
    live: async (victim, basket) => {
      const told: Answered[] = [];
      const { branches: _none, ...items } = tryOf(basket, {}) as { readonly branches: unknown };
      const part = { items: [{ sku: basket.skus[0], quantity: 2 }] };
      const refund = { id: basket.id, items: [{ sku: basket.skus[0], quantity: 1 }] };
      told.push(await victim.ask('POST', '/v1/transactions', items));
      told.push(await victim.ask('POST', `${path(basket)}/confirm`, part));
      told.push(await victim.ask('POST', `${path(basket)}/refund`, refund));
      return told.filter(isGood);
    },
    ends: { state: 'CONFIRMED', reason: null, sold: [1, 0] },
    settled: null,
  },
];
