// Owns one of everything that callers and operators do, on a live coordinator: so that every figure has something to tell.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { transactionsOf } from './branches.ts';
import { until } from './call.ts';
import type { CoordinatorProcess } from './coordinator.ts';
import { startParticipant } from './participant-server.ts';

export interface MixedLoad {
  /** The SKU that it was all about. */
  readonly sku: string;
  /** Every transaction it made. */
  readonly ids: readonly string[];
}

type Call = (path: string, json?: unknown) => Promise<Response>;

/**
 * Receives, writes off, adjusts; tries, confirms, cancels, refunds; lets one expire, asks for too much; with a participant that is
 * there, one that refuses, and one that nobody is behind.
 */
export async function mixedLoad(coordinator: CoordinatorProcess, sku = `LOAD-${randomUUID()}`): Promise<MixedLoad> {
  const call: Call = (path, json) => coordinator.request(path, json === undefined ? { method: 'POST' } : { json });
  await moveStock(call, sku);
  const ids = [...(await demand(call, (path) => coordinator.request(path), sku)), ...(await withBranches(coordinator))];
  return { sku, ids };
}

async function moveStock(call: Call, sku: string): Promise<void> {
  for (const [kind, quantity] of [
    ['RECEIVE', 100],
    ['WRITE_OFF', 1],
    ['ADJUST', 2],
    ['ADJUST', -1],
  ] as const)
    expect((await call('/v1/stock/movements', { sku, kind, quantity })).status).to.equal(201);
}

async function demand(call: Call, read: Call, sku: string): Promise<string[]> {
  const begin = async (quantity: number, timeoutMs = 60_000): Promise<string> => {
    const id = randomUUID();
    const { status } = await call('/v1/transactions', { id, items: [{ sku, quantity }], timeoutMs });
    expect(status).to.equal(quantity > 100 ? 409 : 201);
    return id;
  };
  const sold = await begin(3);
  expect((await call(`/v1/transactions/${sold}/confirm`)).status).to.equal(200);
  expect((await call(`/v1/transactions/${sold}/refund`)).status).to.equal(200);
  const cancelled = await begin(4);
  expect((await call(`/v1/transactions/${cancelled}/cancel`)).status).to.equal(200);
  const expired = await begin(5, 100);
  const short = await begin(1000);
  const open = await begin(6);
  await until('one expires', async () => {
    const { state } = (await (await read(`/v1/transactions/${expired}`)).json()) as { readonly state: string };
    return state === 'CANCELLED';
  });
  expect((await call(`/v1/transactions/${randomUUID()}/confirm`)).status).to.equal(404);
  return [sold, cancelled, expired, short, open];
}

async function withBranches(coordinator: CoordinatorProcess): Promise<string[]> {
  const { register, begin, confirm } = transactionsOf(() => coordinator);
  const [good, refusing, gone] = await Promise.all([
    startParticipant(),
    startParticipant(() => 409),
    startParticipant(() => 503),
  ]);
  await register('good', good);
  await register('refusing', refusing);
  await register('gone', gone, { retry: { initialMs: 60_000, maxMs: 60_000, attentionAfter: 1 } });
  const settled = randomUUID();
  expect((await begin(['good'], { id: settled })).brief).to.equal('201 TRIED');
  expect((await confirm(settled)).brief).to.equal('200 CONFIRMED');
  const refused = randomUUID();
  expect((await begin(['refusing'], { id: refused })).brief).to.equal('409 participant-refused');
  const waiting = randomUUID();
  expect((await begin(['gone'], { id: waiting, seconds: 0 })).brief).to.equal('202 TRYING');
  await until('the one that is gone was asked', async () => (await stateOf(coordinator, waiting))?.nextAttemptAt !== null);
  await Promise.all([good, refusing, gone].map((server) => server.down()));
  return [settled, refused, waiting];
}

async function stateOf(coordinator: CoordinatorProcess, id: string) {
  const body = (await (await coordinator.request(`/v1/transactions/${id}`)).json()) as {
    readonly branches: readonly { readonly nextAttemptAt: string | null }[];
  };
  return body.branches[0];
}
