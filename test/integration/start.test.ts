// Owns the proof of what a start promises (contract, section 1): the data of the first start, one coordinator to a data folder,
// wrong settings named, a database that does not fit left alone.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { readOne } from '../support/audit.ts';
import { answered, brief, receive } from '../support/call.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';
import { runToEnd } from '../support/start.ts';

const NO_REDIS = 'redis://127.0.0.1:1';

describe('a start', function () {
  this.timeout(40_000);
  let postgres: TestServer;
  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  it('finds the data of the one before; a second one in the same folder is refused and harms nobody', async () => {
    const env = { HOLDFAST_DATA_DIR: await makeFolderForTheRun() };
    const first = await startCoordinator({ env });
    await receive(first.url, 'kept', 3);
    const held = await answered(first.url, 'POST', '/v1/transactions', { items: [{ sku: 'kept', quantity: 2 }] });

    const second = await runToEnd(env);
    expect(second.code).to.equal(1);
    expect(second.output)
      .to.contain(env.HOLDFAST_DATA_DIR)
      .and.to.match(/in use|another/i);
    expect(second.output).not.to.contain('    at ');

    expect((await answered(first.url, 'GET', '/readyz')).body.status).to.equal('ok');
    expect(await first.stop()).to.equal(0);
    const third = await startCoordinator({ env });
    expect((await answered(third.url, 'GET', '/v1/stock/kept')).body).to.include({ available: 1, reserved: 2 });
    const confirmed = await answered(third.url, 'POST', `/v1/transactions/${held.body.id}/confirm`);
    expect(brief(confirmed)).to.equal('200 CONFIRMED');
    expect(await third.stop()).to.equal(0);
  });

  it('stops at unknown and wrong settings, naming every one of them at once', async () => {
    const wrong = {
      PORT: '80a',
      WORKERS: '0',
      LOG_LEVEL: 'loud',
      DATABASE_URL: 'mysql://user:secret@host/db',
      REDIS_URL: 'localhost',
      HOLDFAST_QUEUE_LIMIT: '-1',
      HOLDFAST_SWEEP_INTERVAL_MS: '1e3',
      HOLDFAST_DRAIN_TIMEOUT_MS: '60000',
      HOLDFAST_POOLSIZE: '4',
      HOLDFAST_WORKERS: '2',
    };
    const { code, output } = await runToEnd(wrong);
    expect(code).to.equal(1);
    for (const name of Object.keys(wrong)) expect(output).to.contain(name);
    expect(output).to.contain('HOLDFAST_POOL_SIZE').and.not.to.contain('secret').and.not.to.contain('    at ');
  });

  it('says so where the port is taken, with one process and with several', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const env = { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS, PORT: port };
    const ends = await Promise.all(['1', '2'].map((workers) => runToEnd({ ...env, WORKERS: workers })));
    holder.close();
    for (const { code, output } of ends) {
      expect(code).to.equal(1);
      expect(output).to.contain('cannot listen').and.to.contain(port).and.not.to.contain('"level":60');
    }
  });

  it('refuses a schema that is newer than it, and leaves it as it is', async () => {
    const newer = await startPostgres();
    const env = { DATABASE_URL: newer.url, REDIS_URL: NO_REDIS };
    const current = await startCoordinator({ env });
    expect(await current.stop()).to.equal(0);
    await readOne(newer.url, `INSERT INTO holdfast.schema_migration (name, digest) VALUES ('9999_future.sql', 'x')`);
    const count = 'SELECT count(*)::int FROM holdfast.schema_migration';
    const before = await readOne(newer.url, count);
    const { code, output } = await runToEnd(env);
    expect(code).to.equal(1);
    expect(output).to.contain('9999_future.sql').and.to.contain('newer').and.not.to.contain('    at ');
    expect(await readOne(newer.url, count)).to.equal(before);
    await newer.stop();
  });

  it('of four instances that start at once on an empty database, one migrates and all serve', async () => {
    const empty = await startPostgres();
    const env = { DATABASE_URL: empty.url, REDIS_URL: NO_REDIS };
    const instances = await Promise.all(Array.from({ length: 4 }, () => startCoordinator({ env })));
    const migrated = instances.filter(({ output }) => output().includes('the schema was brought up to date'));
    expect(migrated).to.have.length(1);
    for (const { url } of instances) await receive(url, 'shared', 1);
    expect(await Promise.all(instances.map(({ stop }) => stop()))).to.deep.equal(Array(4).fill(0));
    await empty.stop();
  });

  it('says what is wrong where the database cannot be reached, in time, and without the password', async () => {
    const { code, output } = await runToEnd({ DATABASE_URL: 'postgres://user:secret@127.0.0.1:1/db', REDIS_URL: NO_REDIS });
    expect(code).to.equal(1);
    expect(output)
      .to.match(/PostgreSQL/)
      .and.to.contain('127.0.0.1:1')
      .and.not.to.contain('secret')
      .and.not.to.contain('    at ');

    postgres.pause();
    const silent = await runToEnd({
      DATABASE_URL: postgres.url,
      REDIS_URL: NO_REDIS,
      HOLDFAST_DATABASE_TIMEOUT_MS: '1000',
    }).finally(() => postgres.resume());
    expect(silent.code).to.equal(1);
    expect(silent.output)
      .to.match(/PostgreSQL/)
      .and.not.to.contain('    at ');
  });
});
