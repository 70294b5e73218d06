// Owns the proof that an acknowledged answer survives crashes (I6, I7, I11): the coordinator is killed, PostgreSQL is
// killed, restarted and paused, all under load; then every answer anybody got is checked.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { audit } from '../support/audit.ts';
import { answered, call, receive, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { checkHistory, type Load, startLoad } from '../support/load.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const SKUS = ['hot', 'warm', 'third', 'fourth'];
/** Enough for the load to sell some of it out: refusals are part of the history. */
const QUANTITY = 3_000;

describe('crashes under load', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  /** Lets at least `count` more lives begin, so that the load is truly running whatever the machine does. */
  const progress = (load: Load, count: number): Promise<number> => {
    const from = load.history.lives.length;
    return until(`${count} more transactions`, async () => load.history.lives.length >= from + count);
  };

  const expectAllHolds = async (coordinator: CoordinatorProcess, load: Load): Promise<void> => {
    const history = await load.stop();
    expect(await checkHistory(coordinator.url, history)).to.deep.equal([]);
    expect(await audit(postgres.url)).to.deep.equal([]);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
  };

  it('a coordinator killed three times loses nothing that it acknowledged', async () => {
    const env = { DATABASE_URL: postgres.url, HOLDFAST_DATA_DIR: await makeFolderForTheRun() };
    let coordinator = await startCoordinator({ env });
    const { port } = new URL(coordinator.url);
    const load = await startLoad([coordinator.url], { clients: 24, skus: SKUS.map((sku) => `kill-${sku}`), quantity: QUANTITY });
    for (let round = 0; round < 3; round += 1) {
      await progress(load, 150);
      await coordinator.kill('SIGKILL');
      coordinator = await startCoordinator({ env: { ...env, PORT: port } });
    }
    await progress(load, 50);
    await expectAllHolds(coordinator, load);
    expect(await coordinator.stop()).to.equal(0);
  });

  it('a coordinator with its embedded servers, killed with them, finds everything again', async () => {
    const folder = await makeFolderForTheRun();
    let coordinator = await startCoordinator({ env: { HOLDFAST_DATA_DIR: folder } });
    const load = await startLoad([coordinator.url], { clients: 16, skus: SKUS, quantity: QUANTITY });
    await progress(load, 100);
    await coordinator.kill('SIGKILL');
    coordinator = await startCoordinator({ env: { HOLDFAST_DATA_DIR: folder } });
    expect(await checkHistory(coordinator.url, await load.stop())).to.deep.equal([]);
    expect(await coordinator.stop()).to.equal(0);
  });

  it('PostgreSQL killed and started again: answers come late or as 503, and never wrong', async () => {
    const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
    const load = await startLoad([coordinator.url], {
      clients: 24,
      skus: SKUS.map((sku) => `restart-${sku}`),
      quantity: QUANTITY,
    });
    for (let round = 0; round < 3; round += 1) {
      await progress(load, 100);
      await postgres.restart();
    }
    await progress(load, 100);
    await expectAllHolds(coordinator, load);
    expect(await coordinator.stop()).to.equal(0);
  });

  it('PostgreSQL away for long: 503 in time, then service is back by itself', async () => {
    const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, HOLDFAST_DATABASE_TIMEOUT_MS: '1000' } });
    const load = await startLoad([coordinator.url], { clients: 16, skus: SKUS.map((sku) => `away-${sku}`), quantity: QUANTITY });
    await progress(load, 100);
    await postgres.kill();
    await expectRefusedInTime(coordinator.url, 1_000);
    expect((await answered(coordinator.url, 'GET', '/readyz')).status).to.equal(503);
    expect((await answered(coordinator.url, 'GET', '/livez')).status).to.equal(200);
    await postgres.restart();
    await until('ready again', async () => (await call(coordinator.url, 'GET', '/readyz'))?.status === 200);
    await progress(load, 50);
    await expectAllHolds(coordinator, load);
    expect(await coordinator.stop()).to.equal(0);
  });

  it('PostgreSQL that lets nobody in any more: 503 and not ready, not 500; then service is back by itself', async () => {
    const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, HOLDFAST_DATABASE_TIMEOUT_MS: '1000' } });
    await receive(coordinator.url, 'locked-out', 1);
    const shutOut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'holdfast%'`;
    const admin = new pg.Client({ connectionString: postgres.url });
    await admin.connect();
    const password = decodeURIComponent(new URL(postgres.url).password);
    try {
      await admin.query(`ALTER ROLE holdfast PASSWORD 'another'`);
      await admin.query(shutOut);
      await expectRefusedInTime(coordinator.url, 1_000);
      expect((await answered(coordinator.url, 'GET', '/readyz')).status).to.equal(503);
    } finally {
      await admin.query(`ALTER ROLE holdfast PASSWORD '${password}'`);
      await admin.end();
    }
    await receive(coordinator.url, 'locked-out', 1);
    const tried = await answered(coordinator.url, 'POST', '/v1/transactions', { items: [{ sku: 'locked-out', quantity: 2 }] });
    expect(tried.status).to.equal(201);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
    expect(await coordinator.stop()).to.equal(0);
  });

  it('PostgreSQL paused: 503 within bounds and not ready meanwhile, then everything goes on', async () => {
    const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, HOLDFAST_DATABASE_TIMEOUT_MS: '2000' } });
    await receive(coordinator.url, 'paused', 10);
    const load = await startLoad([coordinator.url], { clients: 16, skus: SKUS.map((sku) => `pause-${sku}`), quantity: QUANTITY });
    await progress(load, 100);
    postgres.pause();
    try {
      const unready = answered(coordinator.url, 'GET', '/readyz');
      await expectRefusedInTime(coordinator.url, 2_000);
      expect((await unready).status).to.equal(503);
      expect((await unready).body.postgres).to.equal('down');
      await delay(500);
    } finally {
      postgres.resume();
    }
    await until('ready again', async () => (await call(coordinator.url, 'GET', '/readyz'))?.status === 200);
    await progress(load, 50);
    await expectAllHolds(coordinator, load);
    expect(await coordinator.stop()).to.equal(0);
  });
});

/** Calls that come while the database is away, spread over two of the timeouts, each wait no longer than one of them. */
async function expectRefusedInTime(url: string, timeoutMs: number): Promise<void> {
  const spread = Array.from({ length: 32 }, async (_, index) => {
    await delay((index * timeoutMs) / 16);
    const start = performance.now();
    // A read, the exact path, the optimistic path: each has connections of its own.
    const [method, path, body] = CALLS[index % CALLS.length] ?? ['GET', '/v1/stock'];
    const answer = await answered(url, method, path, body);
    return { code: answer.body.code, retryAfter: answer.headers.get('retry-after'), tookMs: performance.now() - start };
  });
  for (const { code, retryAfter, tookMs } of await Promise.all(spread)) {
    expect(code).to.equal('database-unavailable');
    expect(Number(retryAfter)).to.be.at.least(1);
    expect(tookMs).to.be.below(timeoutMs + 1_500);
  }
}

const CALLS: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['GET', '/v1/stock/hot'],
  ['POST', '/v1/stock/movements', { sku: 'never', kind: 'RECEIVE', quantity: 1 }],
  ['POST', '/v1/transactions', { items: [{ sku: 'never', quantity: 1 }] }],
];
