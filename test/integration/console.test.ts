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
});
