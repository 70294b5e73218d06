// Owns the proof that the backups of docs/operations.md are backups: its own lines are run against a real PostgreSQL, and a
// coordinator goes on from what they made.
import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { serverAccount } from '../../src/embedded/account.ts';
import { postgresRecipe, postgresUrl } from '../../src/embedded/postgres.ts';
import { launch } from '../../src/embedded/supervisor.ts';
import { audit } from '../support/audit.ts';
import { answered, brief, call, receive, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { atTheEnd } from '../support/end.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { checkHistory, type History, startLoad } from '../support/load.ts';
import { linesOf } from '../support/pages.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';
import { findDebianPostgres, runTool } from '../support/tools.ts';

describe('backup and restore', function () {
  this.timeout(120_000);
  let programs = '';
  let redis: TestServer;
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let history: History;
  let folder = '';
  const due = randomUUID();

  const start = (databaseUrl: string): Promise<CoordinatorProcess> =>
    startCoordinator({ env: { DATABASE_URL: databaseUrl, REDIS_URL: redis.url } });
  const newServer = (): Promise<TestServer> =>
    startPostgres({}, { postgres: join(programs, 'postgres'), initdb: join(programs, 'initdb') });
  const run = (lines: string, databaseUrl: string): void => {
    const env = { PATH: `${programs}:${process.env.PATH}`, DATABASE_URL: databaseUrl };
    const { status, output } = runTool('/bin/sh', ['-euc', lines], { env, cwd: folder });
    expect(status, output).to.equal(0);
  };
  /** Everything that callers were told before the backup holds afterwards, and it goes on from there. */
  const expectAllThere = async (restored: CoordinatorProcess, databaseUrl: string): Promise<void> => {
    const isReleased = async (): Promise<boolean> =>
      brief(await call(restored.url, 'GET', `/v1/transactions/${due}`)) === '200 CANCELLED';
    await until('what fell due is released', isReleased);
    expect(await checkHistory(restored.url, history)).to.deep.equal([]);
    const items = [{ sku: 'kept-1', quantity: 1 }];
    const { body } = await answered(restored.url, 'POST', '/v1/transactions', { items });
    expect(brief(await call(restored.url, 'POST', `/v1/transactions/${body.id}/confirm`))).to.equal('200 CONFIRMED');
    expect(await restored.stop()).to.equal(0);
    expect(await audit(databaseUrl)).to.deep.equal([]);
  };

  before(async function () {
    const found = findDebianPostgres();
    if (found === null) {
      process.stdout.write('      skipped: no PostgreSQL with pg_dump in /usr/lib/postgresql (apt-get install postgresql)\n');
      return this.skip();
    }
    programs = found;
    folder = await makeFolderForTheRun();
    [postgres, redis] = await Promise.all([newServer(), startRedis()]);
    coordinator = await start(postgres.url);
    const load = await startLoad([coordinator.url], { clients: 4, skus: ['kept-1', 'kept-2'], quantity: 400, lives: 20 });
    history = await load.done;
    await receive(coordinator.url, 'due', 5);
    await answered(coordinator.url, 'POST', '/v1/transactions', {
      id: due,
      items: [{ sku: 'due', quantity: 2 }],
      timeoutMs: 3_000,
    });
  });
  after(async () => {
    await coordinator?.stop();
    await Promise.all([postgres?.stop(), redis?.stop()]);
  });

  it('a dump, made while callers go on, is restored whole', async () => {
    const meanwhile = await startLoad([coordinator.url], { clients: 4, skus: ['busy-1', 'busy-2'], quantity: 400 });
    run(linesOf('backup'), postgres.url);
    await meanwhile.stop();
    const fresh = await newServer();
    run(linesOf('restore'), fresh.url);
    await expectAllThere(await start(fresh.url), fresh.url);
    await fresh.stop();
  });

  it('a base backup, made while callers go on, starts as it is', async () => {
    const meanwhile = await startLoad([coordinator.url], { clients: 4, skus: ['busy-3', 'busy-4'], quantity: 400 });
    run(linesOf('base backup'), postgres.url);
    await meanwhile.stop();
    const cluster = join(folder, 'holdfast-base');
    const socketFolder = await makeFolderForTheRun();
    const account = serverAccount([folder, join(programs, 'postgres')]);
    const { owner } = account;
    if (owner !== null) expect(runTool('chown', ['-R', `${owner.uid}:${owner.gid}`, cluster, socketFolder]).status).to.equal(0);
    chmodSync(folder, 0o711);
    const place = { cluster, socketFolder, logFile: join(folder, 'base.log') };
    const server = await launch(
      postgresRecipe({ postgres: join(programs, 'postgres'), initdb: join(programs, 'initdb') }, account, place),
    );
    atTheEnd(async () => server.kill('SIGQUIT'));
    const url = postgresUrl(socketFolder, decodeURIComponent(new URL(postgres.url).password));
    await expectAllThere(await start(url), url);
    server.kill('SIGQUIT');
  });

  it('what was answered after the backup is not known, and says so', async () => {
    const { body } = await answered(coordinator.url, 'POST', '/v1/transactions', { items: [{ sku: 'kept-1', quantity: 1 }] });
    const fresh = await newServer();
    run(linesOf('restore'), fresh.url);
    const restored = await start(fresh.url);
    expect(brief(await call(restored.url, 'POST', `/v1/transactions/${body.id}/confirm`))).to.equal('404 unknown-transaction');
    expect(await restored.stop()).to.equal(0);
    await fresh.stop();
  });
});

describe('a copy of the data folder', function () {
  this.timeout(120_000);

  it('is a backup of the embedded servers', async () => {
    const [folder, copy] = [await makeFolderForTheRun(), join(await makeFolderForTheRun(), 'copy')];
    const first = await startCoordinator({ env: { HOLDFAST_DATA_DIR: folder } });
    await receive(first.url, 'copied', 7);
    expect(await first.stop()).to.equal(0);
    expect(runTool('cp', ['-a', folder, copy]).status).to.equal(0);
    const second = await startCoordinator({ env: { HOLDFAST_DATA_DIR: copy } });
    expect((await answered(second.url, 'GET', '/v1/stock/copied')).body.available).to.equal(7);
    expect(await second.stop()).to.equal(0);
  });
});
