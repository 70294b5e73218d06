// Owns the tests of what the console reads, on a real coordinator with its own PostgreSQL and Redis and real participants.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type ConsoleAnswer, consoleOf } from '../support/console.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const PATIENT = { retry: { initialMs: 3_600_000, maxMs: 3_600_000, attentionAfter: 1 } };
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe('what the console reads', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let broken: ParticipantServer;
  const api = transactionsOf(() => coordinator);
  const { read, refusalOf } = consoleOf(() => coordinator);
  const stuckIds = async (path = 'stuck'): Promise<string[]> => (await read(path)).items.map(({ id }: { id: string }) => id);

  before(async () => {
    [postgres, redis, broken] = await Promise.all([startPostgres(), startRedis(), startParticipant()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
    broken.behave(({ phase }) => (phase === 'try' ? 200 : { status: 503, body: 'out of order' }));
    await api.register('payment', broken, PATIENT);
    await api.stock('S1', 10);
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  /** Confirmed, and its participant will not hear of it. */
  async function stick(): Promise<string> {
    const id = randomUUID();
    expect((await api.begin(['payment'], { id, sku: 'S1' })).brief).to.equal('201 TRIED');
    await api.confirm(id, 0);
    await until('it fails', async () => (await api.get(id)).body.needsAttention);
    return id;
  }

  it('is the whole story of one transaction, its branches with each attempt, and what happens next', async () => {
    const id = await stick();
    const story = await read(`transactions/${id.toUpperCase()}`);
    const { history, ...whole } = (await api.get(id)).body;
    expect(story.transaction).to.deep.equal(whole);
    expect(story.history).to.deep.equal(history);
    const [branch] = story.branches;
    expect(branch).to.deep.include({ participant: 'payment', state: 'TRIED', phase: 'confirm', attempts: 1 });
    expect(branch).to.deep.include({ needsAttention: true, resolved: false, underWay: false });
    expect(branch.traceId).to.match(/^[0-9a-f]{32}$/);
    expect(branch.nextAttemptAt).to.match(MOMENT);
    expect(
      branch.log.map(({ phase, attempt, outcome, status }: ConsoleAnswer) => [phase, attempt, outcome, status]),
    ).to.deep.equal([
      ['try', 1, 'done', 200],
      ['confirm', 1, 'failed', 503],
    ]);
    expect(branch.log[1].error).to.contain('out of order');
    expect(story.next).to.match(
      /^payment is asked to confirm again in .* \(attempt 2\)\. It is CONFIRMED once every branch has answered, or is resolved by hand\.$/,
    );
    expect(await refusalOf(`/console/api/transactions/${randomUUID()}`)).to.equal('404 unknown-transaction');
    expect(await refusalOf('/console/api/transactions/x')).to.equal('400 invalid-request');
    expect(await refusalOf(`/console/api/transactions/${id}?x=1`)).to.equal('400 invalid-request');
  });

  it('is what is stuck: since when, why, and what happens next', async () => {
    const id = await stick();
    const { items } = await read('stuck');
    const line = items.find((one: ConsoleAnswer) => one.id === id);
    expect(line).to.deep.include({ reference: null, state: 'CONFIRMING', needsAttention: true });
    expect(line.since).to.match(MOMENT);
    expect(line.why).to.match(/^payment failed \(1 attempt; last: 503.*\)\.$/);
    expect(line.next).to.match(/^payment is asked to confirm again in /);
    expect(line.branches[0]).to.include({ participant: 'payment', phase: 'confirm', attempts: 1 });
  });

  it('is a page at a time of what is stuck', async () => {
    await stick();
    await stick();
    const all = await stuckIds();
    expect(all.length).to.be.above(2);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: ConsoleAnswer = await read(`stuck?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(page.items).to.have.length(1);
      seen.push(page.items[0].id);
      cursor = page.nextCursor;
    }
    expect(seen).to.deep.equal(all);
    for (const bad of ['limit=0', 'limit=501', 'cursor=x', 'x=1'])
      expect(await refusalOf(`/console/api/stuck?${bad}`)).to.equal('400 invalid-request');
  });

  it('is the next deadlines, the earliest first', async () => {
    const [late, soon] = [randomUUID(), randomUUID()];
    for (const [id, timeoutMs] of [
      [late, 3_600_000],
      [soon, 1_800_000],
    ] as const)
      await api.begin([], { id, sku: 'S1', timeoutMs });
    const { dueNow, items } = await read('due');
    expect(dueNow).to.equal(0);
    const ids = items.map(({ id }: ConsoleAnswer) => id);
    expect(ids.filter((id: string) => id === late || id === soon)).to.deep.equal([soon, late]);
    expect(items[0]).to.have.all.keys('id', 'reference', 'expiresAt', 'state');
    expect((await read('due?limit=1')).items).to.have.length(1);
  });

  it('is how the instance is, from its figures', async () => {
    const id = await stick();
    await until('the figures tell of it', async () => (await read('overview')).transactions.needsAttention > 0);
    const overview = await read('overview');
    expect(overview.version).to.match(/^\d+\.\d+\.\d+$/);
    expect(overview.health).to.deep.equal({ postgres: 'up', redis: 'up' });
    expect(overview.workers).to.equal(1);
    expect(overview.transactions.open.CONFIRMING).to.be.above(0);
    expect(overview.lanes.map(({ lane, limit }: ConsoleAnswer) => [lane, limit])).to.deep.equal([
      ['branches', 10_000],
      ['demand', 10_000],
    ]);
    expect(overview.pools.map(({ pool }: ConsoleAnswer) => pool)).to.include('reads');
    expect(overview.timers.map(({ queue }: ConsoleAnswer) => queue)).to.deep.equal(['deadlines', 'retries']);
    expect(await stuckIds()).to.include(id);
  });

  it('is who holds a SKU, and what its numbers come from', async () => {
    const [sku, id, sold] = [`S-${randomUUID()}`, randomUUID(), randomUUID()];
    const move = async (kind: string, quantity: number, warehouse = 'default'): Promise<void> => {
      const moved = await coordinator.request('/v1/stock/movements', { json: { sku, warehouse, kind, quantity } });
      expect(moved.status).to.equal(201);
    };
    for (const [kind, quantity] of [
      ['RECEIVE', 60],
      ['WRITE_OFF', 5],
      ['ADJUST', -3],
    ] as const)
      await move(kind, quantity);
    await move('RECEIVE', 7, 'north');
    for (const [of, quantity] of [
      [id, 3],
      [sold, 4],
    ] as const)
      await coordinator.request('/v1/transactions', { json: { id: of, items: [{ sku, quantity }], reference: `order ${of}` } });
    await coordinator.request(`/v1/transactions/${sold}/confirm`, { method: 'POST' });
    await coordinator.request(`/v1/transactions/${sold}/refund`, {
      json: { id: randomUUID(), items: [{ sku, quantity: 2 }] },
    });
    const stock = await read(`stock/${sku}`);
    expect(stock).to.deep.include(await (await coordinator.request(`/v1/stock/${sku}`)).json());
    expect(stock.holders).to.have.length(1);
    const [{ expiresAt, ...holder }] = stock.holders;
    expect(expiresAt).to.match(MOMENT);
    const reference = `order ${id}`;
    expect(holder).to.deep.equal({ transactionId: id, reference, warehouse: 'default', quantity: 3, state: 'TRIED' });
    expect(stock.holdersMore).to.equal(false);
    const none = { received: 0, writtenOff: 0, adjusted: 0, reservedNow: 0, deductedNow: 0, refunded: 0 };
    const here = { received: 60, writtenOff: 5, adjusted: -3, reservedNow: 3, deductedNow: 2, refunded: 2 };
    expect(stock.totals).to.deep.equal([
      { warehouse: 'default', ...here },
      { warehouse: 'north', ...none, received: 7 },
    ]);
    for (const { warehouse, received, writtenOff, adjusted, reservedNow, deductedNow } of stock.totals) {
      const { available } = stock.warehouses.find((one: ConsoleAnswer) => one.warehouse === warehouse);
      expect(received - writtenOff + adjusted - reservedNow - deductedNow).to.equal(available);
    }
    expect(await refusalOf('/console/api/stock/never')).to.equal('404 unknown-sku');
    expect(await refusalOf('/console/api/stock/bad%20name')).to.equal('400 invalid-request');
  });

  it('is how calls to participants fare', async () => {
    await stick();
    const { items } = await read('participants');
    const { items: registered } = (await (await coordinator.request('/v1/participants')).json()) as ConsoleAnswer;
    const [payment] = items;
    expect(payment).to.deep.include(registered[0]);
    expect(['closed', 'probing', 'open']).to.include(payment.breaker);
    expect(payment.attempts.done).to.be.above(0);
    expect(payment.attempts.failed).to.be.above(0);
    expect(payment.p99Ms).to.be.above(0);
    for (const name of ['queueDepth', 'inFlight', 'waiting', 'overdue']) expect(payment[name], name).to.be.a('number');
  });
});
