// Owns the proof of the cap on what one key may hold reserved: exact under a crowd, free again by every way that a reservation ends, and
// no obstacle to a replay (I7).
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { receive, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const LIMIT = 30;
const LIMIT_PER_SKU = 20;

describe('the cap on what one key holds', function () {
  this.timeout(40_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let admin = '';

  before(async () => {
    postgres = await startPostgres();
    const env = {
      DATABASE_URL: postgres.url,
      HOLDFAST_KEY_HOLD_LIMIT: String(LIMIT),
      HOLDFAST_KEY_HOLD_LIMIT_PER_SKU: String(LIMIT_PER_SKU),
    };
    coordinator = await startCoordinator({ env });
    for (const sku of ['a', 'b', 'c']) await receive(coordinator.url, sku, 10_000);
    const made = await coordinator.request('/v1/keys', { json: { name: 'first', scopes: ['admin'] } });
    admin = ((await made.json()) as { key: string }).key;
  });
  after(async () => {
    await coordinator.stop();
    await postgres.stop();
  });

  async function newKey(): Promise<string> {
    const json = { name: 'caller', scopes: ['transactions:read', 'transactions:write'] };
    const answer = await coordinator.request('/v1/keys', { json, headers: { authorization: `Bearer ${admin}` } });
    return ((await answer.json()) as { key: string }).key;
  }

  async function post(key: string, path: string, json?: unknown) {
    const headers = { authorization: `Bearer ${key}` };
    const answer = await coordinator.request(path, json === undefined ? { method: 'POST', headers } : { json, headers });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, never> };
  }

  const tryFor = (key: string, sku: string, quantity: number, more: object = {}) =>
    post(key, '/v1/transactions', { items: [{ sku, quantity }], ...more });

  it('refuses what goes beyond it, of one SKU and in all, and says why', async () => {
    const key = await newKey();
    expect((await tryFor(key, 'a', LIMIT_PER_SKU)).status).to.equal(201);
    const ofOne = await tryFor(key, 'a', 1);
    expect(ofOne.status).to.equal(429);
    expect(ofOne.headers.get('retry-after')).to.equal('1');
    expect(ofOne.body).to.include({ code: 'rate-limited', retryable: true });
    expect(ofOne.body.detail).to.contain('holds 20 units of a and asks for 1 more, where it may hold 20');
    expect((await tryFor(key, 'b', LIMIT - LIMIT_PER_SKU)).status).to.equal(201);
    expect((await tryFor(key, 'c', 1)).body.detail).to.contain('in all');
    // Nobody else is touched by it.
    expect((await tryFor(await newKey(), 'a', 1)).status).to.equal(201);
  });

  it('is never passed by a crowd, nor missed by it', async () => {
    const key = await newKey();
    const told = await Promise.all(Array.from({ length: 60 }, () => tryFor(key, 'a', 1)));
    expect(told.filter(({ status }) => status === 201)).to.have.length(LIMIT_PER_SKU);
    expect(told.filter(({ status }) => status === 429)).to.have.length(60 - LIMIT_PER_SKU);
  });

  it('is free again by a confirm, a cancel and a deadline, at once', async () => {
    const key = await newKey();
    const idOf = ({ body }: { body: Record<string, string> }) => body.id;
    const [one, other] = [await tryFor(key, 'a', 10), await tryFor(key, 'a', 10)];
    expect((await tryFor(key, 'a', 10)).status).to.equal(429);
    expect((await post(key, `/v1/transactions/${idOf(one)}/confirm`)).status).to.equal(200);
    expect((await tryFor(key, 'a', 10)).status).to.equal(201);
    expect((await post(key, `/v1/transactions/${idOf(other)}/cancel`)).status).to.equal(200);
    expect((await tryFor(key, 'a', 10, { timeoutMs: 300 })).status).to.equal(201);
    await until('the deadline frees it', async () => (await tryFor(key, 'a', 10)).status === 201);
  });

  it('does not count what was refused for lack of stock', async () => {
    const key = await newKey();
    const other = await newKey();
    await receive429(admin, 'scarce', 1);
    for (let turn = 0; turn < 5; turn += 1) expect((await tryFor(key, 'scarce', 15)).status).to.equal(409);
    expect((await tryFor(key, 'a', LIMIT_PER_SKU)).status).to.equal(201);
    expect((await tryFor(other, 'scarce', 1)).status).to.equal(201);
  });

  async function receive429(key: string, sku: string, quantity: number): Promise<void> {
    expect((await post(key, '/v1/stock/movements', { sku, kind: 'RECEIVE', quantity })).status).to.equal(201);
  }

  it('answers a Try again that holds already (I7), and stores nothing of one that it refused', async () => {
    const key = await newKey();
    const id = randomUUID();
    expect((await tryFor(key, 'a', LIMIT_PER_SKU, { id })).status).to.equal(201);
    const again = await tryFor(key, 'a', LIMIT_PER_SKU, { id });
    expect(again.status).to.equal(200);
    expect(again.headers.get('idempotent-replayed')).to.equal('true');
    const late = randomUUID();
    expect((await tryFor(key, 'a', 5, { id: late })).status).to.equal(429);
    expect((await post(key, `/v1/transactions/${id}/cancel`)).status).to.equal(200);
    expect((await tryFor(key, 'a', 5, { id: late })).status).to.equal(201);
  });

  it('holds for each operation of a batch, and for the basket as a whole', async () => {
    const key = await newKey();
    const operations = Array.from({ length: 25 }, () => ({ op: 'try', items: [{ sku: 'a', quantity: 1 }] }));
    const { body } = await post(key, '/v1/batch', { operations });
    const statuses = (body as unknown as { results: { status: number }[] }).results.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).to.have.length(LIMIT_PER_SKU);
    expect(statuses.filter((status) => status === 429)).to.have.length(5);
    const basket = await post(await newKey(), '/v1/transactions', {
      items: ['a', 'b', 'c'].map((sku) => ({ sku, quantity: 11 })),
    });
    expect(basket.status).to.equal(429);
  });
});
