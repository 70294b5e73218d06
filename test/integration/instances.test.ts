// Owns the proof that several processes on one database stay of one mind (I1–I3, I7, I11): two instances, several workers, and
// their orderly and disorderly ends.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { audit, readOne } from '../support/audit.ts';
import { answered, brief, call, receive, until } from '../support/call.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { checkHistory, startLoad } from '../support/load.ts';
import { childrenOf, livingAmong } from '../support/process-tree.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const END_LIMIT_MS = 10_000;
const FAULTS = /"level":(50|60)/;

describe('several processes on one database', function () {
  this.timeout(40_000);
  let postgres: TestServer;
  let redis: TestServer;
  let env: Record<string, string> = {};

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres({ deadlock_timeout: '50ms' }), startRedis()]);
    env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
  });
  afterEach(async () => {
    expect(await audit(postgres.url)).to.deep.equal([]);
  });
  after(() => Promise.all([postgres.stop(), redis.stop()]));

  it('two instances agree on hot SKUs, and never lock each other out', async () => {
    const instances = await Promise.all([startCoordinator({ env }), startCoordinator({ env })]);
    const urls = instances.map(({ url }) => url);
    const anyUrl = (turn: number): string => urls[turn % urls.length] ?? '';
    // Little stock, so that most of it takes the exact path; both SKUs in every other basket.
    const load = await startLoad(urls, { clients: 32, skus: ['hot-1', 'hot-2'], quantity: 400, lives: 25 });
    // Besides, ids that come to both instances at once, in Tries, cancels and movements of the same SKUs.
    await receive(anyUrl(0), 'shared', 50);
    const shared = Array.from({ length: 200 }, async (_, turn) => {
      await delay(turn * 5);
      const id = randomUUID();
      const items = [{ sku: 'shared', quantity: 1 + (turn % 2) }];
      const first = call(anyUrl(turn), 'POST', '/v1/transactions', { id, items });
      const rival = turn % 3 === 0 ? '/v1/transactions' : `/v1/transactions/${id}/cancel`;
      const second = call(anyUrl(turn + 1), 'POST', rival, turn % 3 === 0 ? { id, items } : undefined);
      await receive(anyUrl(turn + 1), 'shared', 1);
      return { told: [brief(await first), brief(await second)], id };
    });
    const outcomes = await Promise.all(shared);
    expect(await checkHistory(anyUrl(1), await load.done)).to.deep.equal([]);
    for (const { told, id } of outcomes) {
      const states = await Promise.all(urls.map(async (url) => brief(await call(url, 'GET', `/v1/transactions/${id}`))));
      expect(states[0]).to.equal(states[1]);
      for (const each of told) {
        expect(each).to.match(/^(20[01] (TRIED|CANCELLED)|409 (insufficient-stock|transaction-cancelled))$/);
        if (each === '200 CANCELLED') expect(states[0]).to.equal('200 CANCELLED');
      }
    }
    for (const instance of instances) {
      expect(await instance.stop()).to.equal(0);
      expect(instance.output()).not.to.match(FAULTS);
    }
    expect(
      await readOne(postgres.url, 'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()'),
    ).to.equal(0);
  });

  it('a survivor releases what a killed instance held', async () => {
    const [dying, survivor] = await Promise.all([startCoordinator({ env }), startCoordinator({ env })]);
    await receive(dying.url, 'orphans', 20);
    const items = [{ sku: 'orphans', quantity: 1 }];
    const tries = Array.from({ length: 20 }, () => call(dying.url, 'POST', '/v1/transactions', { items, timeoutMs: 1_000 }));
    expect((await Promise.all(tries)).map(brief)).to.deep.equal(Array(20).fill('201 TRIED'));
    await dying.kill('SIGKILL');
    const availableOf = async (): Promise<unknown> => (await answered(survivor.url, 'GET', '/v1/stock/orphans')).body.available;
    expect(await until('they are released', async () => (await availableOf()) === 20)).to.be.below(END_LIMIT_MS);
    expect(await survivor.stop()).to.equal(0);
  });

  it('an instance that is stopped in the middle and wakes up does no harm', async () => {
    const [sleeper, other] = await Promise.all([startCoordinator({ env }), startCoordinator({ env })]);
    const load = await startLoad([sleeper.url, other.url], { clients: 16, skus: ['sleep-1', 'sleep-2'], quantity: 2_000 });
    await until('it runs', async () => load.history.lives.length > 100);
    await sleeper.kill('SIGSTOP');
    const before = load.history.lives.length;
    try {
      // The other one goes on: locks of the sleeper, if it holds any, are taken from it after 5 s.
      await until('the other goes on', async () => load.history.lives.length > before + 200);
    } finally {
      await sleeper.kill('SIGCONT');
    }
    expect(await checkHistory(other.url, await load.stop())).to.deep.equal([]);
    expect([await sleeper.stop(), await other.stop()]).to.deep.equal([0, 0]);
  });

  it('two workers share one port; a killed one is replaced', async () => {
    const instance = await startCoordinator({ env: { ...env, WORKERS: '2' } });
    const load = await startLoad([instance.url], { clients: 16, skus: ['workers-1', 'workers-2'], quantity: 2_000 });
    await until('it runs', async () => load.history.lives.length > 100);
    const workers = childrenOf(instance.pid);
    expect(workers).to.have.length(2);
    const [victim = 0] = workers;
    process.kill(victim, 'SIGKILL');
    await until('it is replaced', async () => childrenOf(instance.pid).filter((pid) => pid !== victim).length === 2);
    const before = load.history.lives.length;
    await until('it serves on', async () => load.history.lives.length > before + 100);
    expect(await checkHistory(instance.url, await load.stop())).to.deep.equal([]);
    const all = childrenOf(instance.pid);
    const start = performance.now();
    expect(await instance.stop()).to.equal(0);
    expect(performance.now() - start).to.be.below(END_LIMIT_MS);
    expect(livingAmong(all)).to.deep.equal([]);
  });

  it('workers end when their primary is killed, and leave the port free', async () => {
    const instance = await startCoordinator({ env: { ...env, WORKERS: '2' } });
    const workers = childrenOf(instance.pid);
    await instance.kill('SIGKILL');
    const areGone = async (): Promise<boolean> => livingAmong(workers).length === 0;
    await until('the workers end', areGone);
    const next = await startCoordinator({ env: { ...env, PORT: new URL(instance.url).port } });
    expect(await next.stop()).to.equal(0);
  });

  it('SIGTERM under load answers what is in flight and ends in time, with code 0, however often it is sent', async () => {
    for (const workers of ['1', '2']) {
      const instance = await startCoordinator({ env: { ...env, WORKERS: workers } });
      const skus = [`drain-${workers}`];
      const load = await startLoad([instance.url], { clients: 16, skus, quantity: 2_000 });
      await until('it runs', async () => load.history.lives.length > 100);
      const start = performance.now();
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGTERM', 'SIGTERM'] as const) {
        await instance.kill(signal);
        await delay(5);
      }
      expect(await instance.ended()).to.equal(0);
      expect(performance.now() - start).to.be.below(END_LIMIT_MS);
      const again = await startCoordinator({ env: { ...env, PORT: new URL(instance.url).port } });
      expect(await checkHistory(again.url, await load.stop())).to.deep.equal([]);
      expect(await again.stop()).to.equal(0);
      expect(instance.output()).not.to.match(FAULTS);
    }
  });

  it('SIGTERM waits for an answer that the database delays', async () => {
    const instance = await startCoordinator({ env });
    await receive(instance.url, 'delayed', 1);
    postgres.pause();
    const inFlight = call(instance.url, 'POST', '/v1/transactions', { items: [{ sku: 'delayed', quantity: 1 }] });
    await delay(200);
    await instance.kill('SIGTERM');
    await delay(500);
    postgres.resume();
    const answer = await inFlight;
    expect(brief(answer)).to.equal('201 TRIED');
    expect(await instance.ended()).to.equal(0);
    expect(await readOne(postgres.url, 'SELECT state::text FROM holdfast.transaction WHERE id = $1', [answer?.body.id])).to.equal(
      'TRIED',
    );
  });

  it('SIGTERM ends in time also where the database hangs', async () => {
    const instance = await startCoordinator({ env });
    await receive(instance.url, 'hung', 1);
    postgres.pause();
    const inFlight = call(instance.url, 'POST', '/v1/transactions', { items: [{ sku: 'hung', quantity: 1 }] });
    await delay(100);
    const start = performance.now();
    expect(await instance.stop().finally(() => postgres.resume())).to.equal(0);
    expect(performance.now() - start).to.be.below(END_LIMIT_MS);
    expect(brief(await inFlight)).to.equal('503 database-unavailable');
  });
});
