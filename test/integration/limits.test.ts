// Owns the proof that limits hold over HTTP: by key and by address, across two instances with and without Redis, and that what they do
// not mean is not touched.
import { expect } from 'chai';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const PER_S = 20;

/** The next window has begun. */
function afterTheSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_020 - (Date.now() % 1_000)));
}

/** What a look told that fell into one window: on a machine that is held up it is taken again. */
async function inOneWindow<T>(look: () => Promise<T>): Promise<T> {
  for (;;) {
    await afterTheSecond();
    const window = Math.floor(Date.now() / 1_000);
    const told = await look();
    if (Math.floor(Date.now() / 1_000) === window) return told;
  }
}

describe('limits of callers', function () {
  this.timeout(40_000);
  let postgres: TestServer;
  let redis: TestServer;
  let instances: readonly CoordinatorProcess[] = [];
  let [first, second] = ['', ''];

  const at = (index: number): CoordinatorProcess => {
    const instance = instances[index];
    if (instance === undefined) throw new Error('it is not there');
    return instance;
  };
  const keyOf = async (scopes: readonly string[]): Promise<string> => {
    const answer = await at(0).request('/v1/keys', {
      json: { name: 'caller', scopes },
      headers: { authorization: `Bearer ${first}` },
    });
    return ((await answer.json()) as { key: string }).key;
  };

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url, HOLDFAST_KEY_REQUESTS_PER_S: String(PER_S) };
    instances = [await startCoordinator({ env }), await startCoordinator({ env })];
    const made = await at(0).request('/v1/keys', { json: { name: 'first', scopes: ['admin'] } });
    first = ((await made.json()) as { key: string }).key;
    second = await keyOf(['transactions:read', 'transactions:write', 'stock:read']);
    await afterTheSecond();
    // The other instance looks for new keys once a second.
    await afterTheSecond();
  });
  after(async () => {
    await Promise.all(instances.map((one) => one.stop()));
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  async function statuses(index: number, key: string, count: number, path = '/v1/stock'): Promise<number[]> {
    const headers = { authorization: `Bearer ${key}` };
    const answers = await Promise.all(Array.from({ length: count }, () => at(index).request(path, { headers })));
    return answers.map(({ status }) => status);
  }

  const passedIn = (told: readonly number[]): number => told.filter((status) => status === 200).length;

  it('lets so many pass in a second, tells the rest when to come again, and takes them then', async () => {
    const { told, refused } = await inOneWindow(async () => ({
      told: await statuses(0, second, PER_S + 10),
      refused: await at(0).request('/v1/stock', { headers: { authorization: `Bearer ${second}` } }),
    }));
    expect(passedIn(told)).to.equal(PER_S);
    expect(told.filter((status) => status === 429)).to.have.length(10);
    expect(refused.headers.get('retry-after')).to.equal('1');
    expect(await refused.json()).to.include({ code: 'rate-limited', retryable: true, status: 429 });
    // Another caller is not touched by it, nor are probes.
    expect(passedIn(await statuses(0, first, 5))).to.equal(5);
    expect(passedIn(await statuses(0, second, 40, '/livez'))).to.equal(40);
    await afterTheSecond();
    expect(passedIn(await statuses(0, second, 5))).to.equal(5);
  });

  it('counts each operation of a batch', async () => {
    await afterTheSecond();
    const operations = Array.from({ length: PER_S + 1 }, () => ({ op: 'cancel', id: crypto.randomUUID() }));
    const headers = { authorization: `Bearer ${second}` };
    const whole = await at(0).request('/v1/batch', { json: { operations }, headers });
    expect(whole.status).to.equal(429);
    await afterTheSecond();
    expect((await at(0).request('/v1/batch', { json: { operations: operations.slice(0, PER_S) }, headers })).status).to.equal(
      200,
    );
  });

  it('counts a key and what it was rotated into as one', async () => {
    const made = await at(0).request('/v1/keys', {
      json: { name: 'rotated', scopes: ['stock:read'] },
      headers: { authorization: `Bearer ${first}` },
    });
    const { id, key: old } = (await made.json()) as { id: string; key: string };
    const rotated = await at(0).request(`/v1/keys/${id}/rotate`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first}` },
    });
    const { key: fresh } = (await rotated.json()) as { key: string };
    const told = await inOneWindow(async () => [...(await statuses(0, old, 15)), ...(await statuses(0, fresh, 15))]);
    expect(passedIn(told)).to.equal(PER_S);
  });

  it('adds up what two instances counted, without waiting for it', async () => {
    // So few come to the second instance that only what it hears of the first can be why it refuses one.
    const refusedElsewhere = () =>
      inOneWindow(async () => {
        await statuses(0, second, PER_S);
        const told: number[] = [];
        for (let turn = 0; turn < 6; turn += 1) {
          told.push(...(await statuses(1, second, 1)));
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        return told.includes(429);
      });
    await until('the second hears of the first', refusedElsewhere);
  });

  it('goes on counting alone where Redis is gone (I10)', async () => {
    await redis.kill();
    const told = await inOneWindow(() => statuses(0, second, PER_S + 5));
    expect(passedIn(told)).to.equal(PER_S);
    expect(told.filter((status) => status === 429)).to.have.length(5);
    await redis.restart();
  });
});

describe('limits of addresses', function () {
  this.timeout(40_000);

  it('count before anybody is known, and leave the probes alone', async () => {
    const coordinator = await startCoordinator({
      env: { HOLDFAST_ADDRESS_REQUESTS_PER_S: '10', HOLDFAST_TRUSTED_PROXIES: '127.0.0.1' },
    });
    const from = (address: string) => async () =>
      (await coordinator.request('/v1/stock', { headers: { 'x-forwarded-for': address } })).status;
    const told = await inOneWindow(() => Promise.all(Array.from({ length: 15 }, from('192.0.2.1'))));
    expect(told.filter((status) => status === 429)).to.have.length(5);
    expect(await from('192.0.2.2')()).to.equal(200);
    // One /64 is one caller.
    const network = await inOneWindow(() =>
      Promise.all(Array.from({ length: 15 }, (_, index) => from(`2001:db8:1:2::${index + 1}`)())),
    );
    expect(network.filter((status) => status === 429)).to.have.length(5);
    expect(await from('2001:db8:1:3::1')()).to.equal(200);
    expect((await coordinator.request('/readyz')).status).to.equal(200);
    expect(await coordinator.stop()).to.equal(0);
  });
});
