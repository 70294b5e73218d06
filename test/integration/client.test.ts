// Owns the client on a real coordinator with its own PostgreSQL and Redis, directly and through a proxy that loses answers.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { HoldfastClient, HoldfastError, HoldfastUnavailable, uuid7 } from '../../src/client/index.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { errorOf } from '../support/error-of.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const ATTEMPTS = 5;
const ITEMS = [{ sku: 'S/1', quantity: 2 }];

describe('the client, on a real coordinator', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let proxy: Server;
  let client: HoldfastClient;
  /** Through the proxy, which loses the answers of as many requests to come as `answersToLose` says, after they took effect. */
  let unlucky: HoldfastClient;
  let answersToLose = 0;

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
    proxy = createServer(async (request, response) => {
      const { method = '', url = '', headers } = request;
      const body = await buffer(request);
      const type = headers['content-type'];
      const answer = await fetch(coordinator.url + url, {
        method,
        headers: type === undefined ? {} : { 'content-type': type },
        ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
      });
      const text = await answer.text();
      answersToLose -= 1;
      if (answersToLose >= 0) response.socket?.resetAndDestroy();
      else response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(text);
    }).listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    client = new HoldfastClient({ url: coordinator.url });
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    unlucky = new HoldfastClient({ url, retry: { initialMs: 1, attempts: ATTEMPTS } });
    await client.stock.move({ sku: 'S/1', kind: 'RECEIVE', quantity: 1_000 });
  });

  after(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await coordinator.stop();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  async function counters(): Promise<readonly number[]> {
    const { available, reserved, deducted } = await client.stock.get('S/1');
    return [available, reserved, deducted];
  }

  it('tries, extends, confirms in part, refunds, and reads what became of it', async () => {
    const tried = await client.try({ items: ITEMS, reference: 'order 1', metadata: { a: 1 } });
    expect(tried).to.include({ state: 'TRIED', reference: 'order 1' });
    const extended = await client.extend(tried.id, 3_600_000);
    expect(Date.parse(extended.expiresAt)).to.be.greaterThan(Date.parse(tried.expiresAt));
    const confirmed = await client.confirm(tried.id, { items: [{ sku: 'S/1', quantity: 1 }] });
    expect(confirmed.items[0]).to.include({ state: 'DEDUCTED', deducted: 1 });
    await client.refund(tried.id, { items: [{ sku: 'S/1', quantity: 1 }], reason: 'broken' });
    const told = await client.settled(tried.id);
    expect(told.history.map(({ event }) => event)).to.deep.equal(['TRY', 'EXTEND', 'CONFIRM', 'REFUND']);
    const found: string[] = [];
    for await (const { id } of client.list({ reference: 'order 1', sku: 'S/1' })) found.push(id);
    expect(found).to.deep.equal([tried.id]);
    expect(await counters()).to.deep.equal([1_000, 0, 0]);
  });

  it('takes effect once where the answer of each call is lost', async () => {
    const lose = <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
      answersToLose = 2;
      return call();
    };
    const tried = await lose(() => unlucky.try({ items: ITEMS }));
    expect(await counters()).to.deep.equal([998, 2, 0]);
    await lose(() => unlucky.confirm(tried.id));
    expect(await counters()).to.deep.equal([998, 0, 2]);
    await lose(() => unlucky.refund(tried.id, { items: [{ sku: 'S/1', quantity: 1 }] }));
    expect(await counters()).to.deep.equal([999, 0, 1]);
    await lose(() => unlucky.refund(tried.id));
    expect(await counters()).to.deep.equal([1_000, 0, 0]);
    await lose(() => unlucky.stock.move({ sku: 'S/1', kind: 'RECEIVE', quantity: 5 }));
    await lose(() => unlucky.stock.count('S/1', { available: 1_000 }));
    const batch = await lose(() => unlucky.batch([{ op: 'try', items: ITEMS }], { return: 'minimal' }));
    expect(batch[0]).to.include({ ok: true, replayed: true });
    await lose(() => unlucky.cancel(batch[0]?.id ?? ''));
    const { transaction } = await lose(() => unlucky.transaction({ items: ITEMS }, () => 'paid'));
    expect(transaction.state).to.equal('CONFIRMED');
    expect(await counters()).to.deep.equal([998, 0, 2]);
    await client.refund(transaction.id);
  });

  it('leaves nothing held where the work throws, or nobody hears of the Try', async () => {
    const declined = new Error('declined');
    expect(await errorOf(client.transaction({ items: ITEMS }, () => Promise.reject(declined)))).to.equal(declined);
    // All attempts of the Try, and not the cancel after them.
    answersToLose = ATTEMPTS;
    const { id } = await errorOf(
      unlucky.transaction({ items: ITEMS }, () => 'never'),
      HoldfastUnavailable,
    );
    expect(await client.get(id ?? '')).to.include({ state: 'CANCELLED', reason: 'requested' });
    expect(await counters()).to.deep.equal([1_000, 0, 0]);
  });

  it('throws what the coordinator says', async () => {
    const short = await errorOf(client.try({ items: [{ sku: 'S/1', quantity: 1_001 }] }), HoldfastError);
    expect(short.code === 'insufficient-stock' && short.shortages).to.deep.equal([
      { sku: 'S/1', warehouse: 'default', requested: 1_001, available: 1_000 },
    ]);
    expect(short.traceId).to.match(/^[0-9a-f]{32}$/);
    const invalid = await errorOf(client.try({ items: [{ sku: 'S/1', quantity: 0 }] }), HoldfastError);
    expect(invalid.code === 'invalid-request' && invalid.errors[0]?.path).to.equal('items[0].quantity');
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const unknown = client.confirm(uuid7(), {}, { traceparent: `00-${trace}-00f067aa0ba902b7-01` });
    expect(await errorOf(unknown, HoldfastError)).to.include({ code: 'unknown-transaction', status: 404, traceId: trace });
    const early = uuid7();
    expect(await client.cancel(early, { reason: 'gone' })).to.include({ reason: 'cancelled-before-try', note: 'gone' });
    expect(await errorOf(client.try({ id: early, items: ITEMS }), HoldfastError)).to.include({ code: 'transaction-cancelled' });
    const wrong = await errorOf(client.confirm(early), HoldfastError);
    expect(wrong.code === 'invalid-transition' && wrong.state).to.equal('CANCELLED');
  });

  it('imports, counts by version, and reads long lists', async () => {
    const rows = Array.from({ length: 120 }, (_, index) => JSON.stringify({ sku: `L/${index}`, available: index })).join('\n');
    const text = await client.stock.import(`${rows}\n{"sku":"L/x","available":-1}\n`, { format: 'ndjson' });
    expect(text).to.deep.include({ accepted: 120, rejected: 1 });
    expect(text.errors[0]).to.include({ line: 121, code: 'invalid-request' });
    const stream = new Blob(['sku,warehouse,onHand\nL/0,north,7\n']).stream();
    expect(await client.stock.import(stream, { format: 'csv' })).to.deep.include({ accepted: 1, rejected: 0 });
    let sum = 0;
    for await (const stock of client.stock.list({ prefix: 'L/', pageSize: 50 })) sum += stock.available;
    expect(sum).to.equal((119 * 120) / 2 + 7);
    const { etag } = await client.stock.get('L/1');
    expect(etag).to.be.a('string');
    const counted = await client.stock.count('L/1', { available: 3 }, { ifMatch: etag ?? '' });
    expect(counted.available).to.equal(3);
    const late = client.stock.count('L/1', { available: 4 }, { ifMatch: etag ?? '' });
    expect(await errorOf(late, HoldfastError)).to.include({ code: 'version-mismatch' });
    await client.stock.count('L/1', { onHand: 5 }, { ifMatch: counted.etag ?? '' });
    const quantities: number[] = [];
    for await (const { quantity } of client.stock.history('L/1', { pageSize: 1 })) quantities.push(quantity);
    expect(quantities).to.deep.equal([2, 2, 1]);
  });
});
