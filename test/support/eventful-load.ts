// Owns a load in which everything happens that is measured: baskets confirmed, cancelled, left to their deadline, refused and
// refunded, stock moved each way, participants that answer, refuse, fail and ask for patience.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { answered } from './call.ts';
import { type ParticipantServer, startParticipant } from './participant-server.ts';

const RETRY = { initialMs: 200, maxMs: 1_000, attentionAfter: 50 };
const PAUSE_MS = 50;

/** Runs until it is stopped; `stop` throws what went wrong meanwhile. */
export interface EventfulLoad {
  stop(): Promise<void>;
}

export async function startEventfulLoad(url: string): Promise<EventfulLoad> {
  const [payment, coupon, gone] = await Promise.all([startParticipant(), startParticipant(), startParticipant(() => 503)]);
  coupon.behave((call, nth) => moodOf(call.payload, call.phase, nth));
  await register(url, 'payment', payment);
  await register(url, 'coupon', coupon);
  await register(url, 'gone', gone, { initialMs: 60_000, maxMs: 60_000, attentionAfter: 50 });
  await expectStatus(url, 201, '/v1/stock/movements', { sku: 'mixed', kind: 'RECEIVE', quantity: 100_000 });
  await expectStatus(url, 201, '/v1/stock/movements', { sku: 'scarce', kind: 'RECEIVE', quantity: 1 });
  // Waits to be tried again as long as this lasts.
  await expectStatus(url, 202, '/v1/transactions', { branches: [{ participant: 'gone' }] });
  let isStopped = false;
  const run = async (): Promise<void> => {
    for (let turn = 0; !isStopped; turn += 1) {
      await Promise.all([moveStock(url), baskets(url), withParticipants(url, turn), readAndFail(url)]);
      await delay(PAUSE_MS);
    }
  };
  const running = run();
  // Whoever stops it hears of it.
  running.catch(() => undefined);
  return {
    stop: () => {
      isStopped = true;
      return running;
    },
  };
}

type Mood = 'good' | 'refuses' | 'fails' | 'not-yet';
const MOODS: readonly Mood[] = ['good', 'good', 'refuses', 'fails', 'not-yet'];

function moodOf(payload: unknown, phase: string, nth: number): number {
  const { mood } = payload as { readonly mood: Mood };
  if (mood === 'refuses') return phase === 'try' ? 409 : 200;
  if (mood === 'fails') return phase === 'confirm' && nth < 3 ? 500 : 200;
  return mood === 'not-yet' && nth === 1 ? 202 : 200;
}

async function register(url: string, name: string, server: ParticipantServer, retry: object = RETRY): Promise<void> {
  const { status } = await answered(url, 'PUT', `/v1/participants/${name}`, { url: server.url, timeoutMs: 1_000, retry });
  if (status !== 200) throw new Error(`registering ${name} was answered ${status}`);
}

async function expectStatus(url: string, wanted: number, path: string, body?: unknown): Promise<string> {
  const answer = await answered(url, 'POST', path, body);
  if (answer.status !== wanted) throw new Error(`POST ${path} was answered ${answer.status} ${answer.body.code ?? ''}`);
  return answer.body.id ?? '';
}

const held = (url: string, quantity = 1, more: object = {}): Promise<string> =>
  expectStatus(url, 201, '/v1/transactions', { items: [{ sku: 'mixed', quantity }], ...more });

async function moveStock(url: string): Promise<void> {
  for (const [kind, quantity] of [
    ['RECEIVE', 3],
    ['WRITE_OFF', 1],
    ['ADJUST', 1],
    ['ADJUST', -1],
  ] as const) {
    await expectStatus(url, 201, '/v1/stock/movements', { sku: 'mixed', kind, quantity });
  }
}

async function baskets(url: string): Promise<void> {
  const [sold, given, returned] = await Promise.all([held(url, 2), held(url), held(url), held(url, 1, { timeoutMs: 300 })]);
  await expectStatus(url, 200, `/v1/transactions/${sold}/confirm`);
  await expectStatus(url, 200, `/v1/transactions/${given}/cancel`, { reason: 'thought better of it' });
  await expectStatus(url, 200, `/v1/transactions/${returned}/extend`, { timeoutMs: 60_000 });
  await expectStatus(url, 200, `/v1/transactions/${returned}/confirm`);
  await expectStatus(url, 200, `/v1/transactions/${returned}/refund`);
  const tooMuch = { items: [{ sku: 'scarce', quantity: 2 }] };
  await expectStatus(url, 409, '/v1/transactions', tooMuch);
  await expectStatus(url, 409, '/v1/transactions', { id: randomUUID(), ...tooMuch });
  const operations = [0, 1, 2].map(() => ({ op: 'try', id: randomUUID(), items: [{ sku: 'mixed', quantity: 1 }] }));
  await expectStatus(url, 200, '/v1/batch', { operations });
  await expectStatus(url, 200, '/v1/batch', { operations: operations.map(({ id }) => ({ op: 'confirm', id })) });
}

/** One of these a turn is never confirmed: it waits in TRIED. */
async function withParticipants(url: string, turn: number): Promise<void> {
  const mood = MOODS[turn % MOODS.length];
  const branches = [{ participant: 'payment' }, { participant: 'coupon', payload: { mood } }];
  const { body } = await answered(url, 'POST', '/v1/transactions', { items: [{ sku: 'mixed', quantity: 1 }], branches });
  if (body.state !== 'TRIED') return;
  await answered(url, 'POST', `/v1/transactions/${body.id}/${turn % 2 === 0 ? 'confirm' : 'cancel'}`);
}

async function readAndFail(url: string): Promise<void> {
  await answered(url, 'GET', '/v1/stock/mixed');
  await answered(url, 'GET', '/v1/transactions?limit=5');
  await answered(url, 'GET', `/v1/transactions/${randomUUID()}`);
  await answered(url, 'POST', '/v1/transactions', { items: [] });
}
