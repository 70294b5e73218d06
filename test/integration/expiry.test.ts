// Owns the proof that stock comes back in time (contract, rule 5; I8, I10): with Redis up, killed, emptied and late.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { audit, readOne } from '../support/audit.ts';
import { answered, brief, call, receive, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const DUE = 500;
/** How late the last of the given SKU was released, by the database's own times, in ms. */
const LATEST = `
  SELECT coalesce(max(extract(epoch FROM t.decided_at - t.expires_at) * 1000), 1e9)::float8
  FROM holdfast.transaction t JOIN holdfast.reservation r ON r.transaction_id = t.id WHERE r.sku = $1`;
const RELEASED = `
  SELECT count(*)::int FROM holdfast.transaction t JOIN holdfast.reservation r ON r.transaction_id = t.id
  WHERE r.sku = $1 AND t.state = 'CANCELLED' AND t.reason = 'expired'`;

describe('expiry', function () {
  this.timeout(30_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
  });
  after(async () => {
    expect(await audit(postgres.url)).to.deep.equal([]);
    expect(await coordinator.stop()).to.equal(0);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  /** Holds DUE units in as many transactions that fall due together, and waits until all are released. @returns how late the last was */
  async function releaseAll(url: string, sku: string, timeoutMs: number, meanwhile: () => Promise<unknown>): Promise<number> {
    await receive(url, sku, DUE);
    const operations = Array.from({ length: DUE }, () => ({ op: 'try', items: [{ sku, quantity: 1 }], timeoutMs }));
    expect((await answered(url, 'POST', '/v1/batch', { operations })).status).to.equal(200);
    expect((await answered(url, 'GET', `/v1/stock/${sku}`)).body).to.include({ available: 0, reserved: DUE });
    await meanwhile();
    await until('all are released', async () => (await readOne(postgres.url, RELEASED, [sku])) === DUE);
    expect((await answered(url, 'GET', `/v1/stock/${sku}`)).body).to.include({ available: DUE, reserved: 0, deducted: 0 });
    return Number(await readOne(postgres.url, LATEST, [sku]));
  }

  const readyz = async (): Promise<string> => {
    const { status, body } = await answered(coordinator.url, 'GET', '/readyz');
    return `${status} ${body.status} ${body.redis}`;
  };

  it('releases 500 that fall due at once within 1 s', async () => {
    expect(await releaseAll(coordinator.url, 'together', 1_500, async () => undefined)).to.be.below(1_000);
  });

  it('releases in time whatever the deadline is, also one that was extended', async () => {
    await receive(coordinator.url, 'spread', 40);
    const ids = Array.from({ length: 40 }, () => randomUUID());
    await Promise.all(
      ids.map(async (id, index) => {
        const items = [{ sku: 'spread', quantity: 1 }];
        await answered(coordinator.url, 'POST', '/v1/transactions', { id, items, timeoutMs: 600 + index * 40 });
        if (index % 4 === 0) await answered(coordinator.url, 'POST', `/v1/transactions/${id}/extend`, { timeoutMs: 1_700 });
      }),
    );
    await until('all are released', async () => (await readOne(postgres.url, RELEASED, ['spread'])) === ids.length);
    expect(await readOne(postgres.url, LATEST, ['spread'])).to.be.below(1_000);
  });

  it('finds what an emptied Redis forgot', async () => {
    const client = (): Promise<unknown> => flush(redis.url);
    expect(await releaseAll(coordinator.url, 'flushed', 1_500, client)).to.be.below(5_000);
  });

  it('rings again for what comes after the emptying', async () => {
    expect(await releaseAll(coordinator.url, 'after-flush', 1_500, async () => undefined)).to.be.below(1_000);
  });

  it('releases within 5 s with Redis killed, and uses it again once it is back, without a restart', async () => {
    expect(await readyz()).to.equal('200 ok up');
    expect(await releaseAll(coordinator.url, 'killed', 1_500, () => redis.kill())).to.be.below(5_000);
    expect(await readyz()).to.equal('200 degraded down');
    await redis.restart();
    await until('Redis is used again', async () => (await readyz()) === '200 ok up');
    const before = await countEvents(redis.url);
    expect(await releaseAll(coordinator.url, 'back', 1_500, async () => undefined)).to.be.below(1_000);
    expect(await countEvents(redis.url)).to.be.above(before);
  });

  it('releases in time with Redis paused, too', async () => {
    const lateness = await releaseAll(coordinator.url, 'paused', 1_500, async () => redis.pause()).finally(() => redis.resume());
    expect(lateness).to.be.below(5_000);
    await until('Redis is used again', async () => (await readyz()) === '200 ok up');
  });

  it('serves without Redis from the start, and uses it when it comes', async () => {
    const late = await startRedis();
    await late.kill();
    const lone = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: late.url } });
    expect((await answered(lone.url, 'GET', '/readyz')).body).to.include({ status: 'degraded', redis: 'down' });
    await late.restart();
    await until('Redis is used', async () => (await answered(lone.url, 'GET', '/readyz')).body.redis === 'up');
    expect(await releaseAll(lone.url, 'late', 1_000, async () => undefined)).to.be.below(1_000);
    expect(await countEvents(late.url)).to.be.above(0);
    expect(await lone.stop()).to.equal(0);
    await late.stop();
  });

  it('stops in time while Redis hangs', async () => {
    const hanging = await startRedis();
    const lone = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: hanging.url } });
    hanging.pause();
    const start = performance.now();
    expect(await lone.stop()).to.equal(0);
    expect(performance.now() - start).to.be.below(10_000);
    await hanging.stop();
  });

  it('confirms nothing at or after the deadline, also where no release has run', async () => {
    // No sweep for a minute and no Redis: what is released here, its own callers release.
    const own = await startPostgres();
    const env = {
      DATABASE_URL: own.url,
      REDIS_URL: 'redis://127.0.0.1:1',
      HOLDFAST_SWEEP_INTERVAL_MS: '60000',
    };
    const lazy = await startCoordinator({ env });
    await receive(lazy.url, 'lazy', 3);
    const [confirmed, cancelled, extended] = await Promise.all([1, 2, 3].map(() => hold(lazy.url, 'lazy', 400)));
    await delay(600);
    const act = async (id: string | undefined, what: string, body?: unknown): Promise<string> =>
      brief(await call(lazy.url, 'POST', `/v1/transactions/${id}/${what}`, body));
    expect(await act(confirmed, 'confirm')).to.equal('410 reservation-expired');
    expect(await act(confirmed, 'confirm', { items: [{ sku: 'lazy', quantity: 1 }] })).to.equal('410 reservation-expired');
    expect(await act(extended, 'extend', { timeoutMs: 5_000 })).to.equal('410 reservation-expired');
    expect(await act(cancelled, 'cancel')).to.equal('200 CANCELLED');
    expect((await answered(lazy.url, 'GET', `/v1/transactions/${cancelled}`)).body.reason).to.equal('expired');
    expect(await act(cancelled, 'confirm')).to.equal('410 reservation-expired');
    expect(await audit(env.DATABASE_URL)).to.deep.equal([]);
    expect(await lazy.stop()).to.equal(0);
    await own.stop();
  });
});

async function hold(url: string, sku: string, timeoutMs: number): Promise<string> {
  const answer = await answered(url, 'POST', '/v1/transactions', { items: [{ sku, quantity: 1 }], timeoutMs });
  expect(brief(answer)).to.equal('201 TRIED');
  return answer.body.id ?? '';
}

async function withRedis<T>(url: string, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 });
  redis.on('error', () => {});
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

const flush = (url: string): Promise<unknown> => withRedis(url, (redis) => redis.flushall());

/** How many events of wake-ups Redis has seen. */
function countEvents(url: string): Promise<number> {
  return withRedis(url, async (redis) => {
    const streams = await redis.keys('*:deadlines:events');
    const lengths = await Promise.all(streams.map((stream) => redis.xlen(stream)));
    return lengths.reduce((sum, length) => sum + length, 0);
  });
}
