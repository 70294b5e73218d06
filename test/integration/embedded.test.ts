// Owns the tests of src/embedded with real processes: data that outlives a run, one coordinator per folder, crashes, permissions.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { serverAccount } from '../../src/embedded/account.ts';
import { endProcessesIn, processesIn } from '../../src/embedded/leftovers.ts';
import { makeCluster, makePrivateFolder, postgresRecipe, postgresUrl } from '../../src/embedded/postgres.ts';
import { postgresPrograms, startEmbedded } from '../../src/embedded/servers.ts';
import { keepRunning } from '../../src/embedded/supervisor.ts';
import { eventually, makeDataFolder, PROGRAMS, query, recordingLog, redisDo, start, startHolder } from '../support/embedded.ts';
import { atTheEnd } from '../support/end.ts';

describe('embedded servers', function () {
  this.timeout(60_000);

  it('are not started, and no folder is made, where none is needed', async () => {
    const folder = join(await makeDataFolder(), 'never');
    const servers = await startEmbedded({ dataDir: folder, needPostgres: false, needRedis: false, log: recordingLog() });
    expect(servers).to.include({ databaseUrl: null, redisUrl: null });
    await servers.stop();
    expect(await stat(folder).catch(() => null)).to.equal(null);
  });

  it('keep their data from one start to the next, durably, and give the folder free when they stop', async () => {
    const folder = join(await makeDataFolder(), 'data');
    const first = await start(folder);
    await query(first.databaseUrl, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)');
    await redisDo(first.redisUrl, (redis) => redis.set('kept', '42'));
    await first.stop();
    await first.stop();
    expect(processesIn(join(folder, 'postgres'), PROGRAMS)).to.deep.equal([]);
    expect(processesIn(join(folder, 'redis'), PROGRAMS)).to.deep.equal([]);
    const second = await start(folder);
    expect(await query(second.databaseUrl, 'SELECT n FROM kept')).to.deep.equal([{ n: 42 }]);
    expect(await redisDo(second.redisUrl, (redis) => redis.get('kept'))).to.equal('42');
    const settings = `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums', 'lc_collate', 'server_encoding') ORDER BY name`;
    expect(await query(second.databaseUrl, settings)).to.deep.equal([
      { name: 'data_checksums', setting: 'on' },
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'server_encoding', setting: 'UTF8' },
      { name: 'synchronous_commit', setting: 'on' },
    ]);
    await second.stop();
  });

  it('are protected from other local users', async () => {
    const folder = await makeDataFolder();
    const servers = await start(folder);
    const modeOf = async (name: string): Promise<string> => ((await stat(join(folder, name))).mode & 0o777).toString(8);
    expect(await Promise.all(['socket', 'postgres', 'redis', 'postgres.password', 'lock'].map(modeOf))).to.deep.equal([
      '700',
      '700',
      '700',
      '600',
      '600',
    ]);
    expect(await modeOf('redis.conf')).to.be.oneOf(['600', '640']);
    const wrong = (servers.databaseUrl ?? '').replace(/:[0-9a-f]+@/, ':wrong@');
    expect(await query(wrong, 'SELECT 1').catch((error: { code: string }) => error.code)).to.equal('28P01');
    const noPassword = (servers.redisUrl ?? '').replace(/\/\/:.*@/, '//');
    expect(await redisDo(noPassword, (redis) => redis.set('a', 'b')).catch(String)).to.include('NOAUTH');
    const commandLines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    for (const url of [servers.databaseUrl, servers.redisUrl]) expect(commandLines).not.to.include(new URL(url ?? '').password);
    await servers.stop();
  });

  it('refuse a second coordinator on the folder by name and process id, also when both start at once', async () => {
    const folder = await makeDataFolder();
    const both = await Promise.all([startHolder(folder), startHolder(folder)]);
    const [holding, refused] = [
      both.filter(({ said }) => said.error === undefined),
      both.filter(({ said }) => said.error !== undefined),
    ];
    expect(holding).to.have.length(1);
    expect(refused[0]?.said.error).to.include(folder).and.include(`process ${holding[0]?.child.pid}`);
    expect(await query(holding[0]?.said.databaseUrl ?? null, 'SELECT 1 AS one'), 'the first is not disturbed').to.deep.equal([
      { one: 1 },
    ]);
  });

  it('that a killed coordinator left running are taken over by the next start', async () => {
    const folder = await makeDataFolder();
    const { child, said } = await startHolder(folder);
    await query(said.databaseUrl ?? null, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await query(said.databaseUrl ?? null, 'SELECT n FROM kept'), 'it runs on in its own process group').to.deep.equal([
      { n: 1 },
    ]);
    const log = recordingLog();
    const next = await start(folder, log);
    expect(log.lines.filter(({ message }) => message.includes('earlier run')).map(({ details }) => details)).to.have.length(2);
    expect(await query(next.databaseUrl, 'SELECT n FROM kept')).to.deep.equal([{ n: 1 }]);
    await next.stop();
    expect(processesIn(join(folder, 'postgres'), PROGRAMS)).to.deep.equal([]);
  });

  it('come back at the same address when they die', async () => {
    const folder = await makeDataFolder();
    const log = recordingLog();
    const servers = await start(folder, log);
    await query(servers.databaseUrl, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    for (let round = 0; round < 2; round += 1) {
      for (const name of ['postgres', 'redis']) {
        for (const pid of processesIn(join(folder, name), PROGRAMS)) process.kill(pid, 'SIGKILL');
      }
      expect(await eventually(10_000, () => query(servers.databaseUrl, 'SELECT n FROM kept'))).to.deep.equal([{ n: 1 }]);
      expect(await eventually(10_000, () => redisDo(servers.redisUrl, (redis) => redis.ping()))).to.equal('PONG');
    }
    await eventually(5_000, async () =>
      expect(log.lines.filter(({ message }) => message.includes('runs again'))).to.have.length(4),
    );
    await servers.stop();
    await delay(200);
    expect(processesIn(join(folder, 'postgres'), PROGRAMS), 'a stop is not taken for a death').to.deep.equal([]);
  });

  it('survive the leavings of a killed initdb, and damaged data of Redis', async () => {
    const folder = await makeDataFolder();
    await mkdir(join(folder, 'postgres.making-dead', 'base'), { recursive: true });
    await (await start(folder)).stop();
    expect((await readdir(folder)).filter((name) => name.includes('making'))).to.deep.equal([]);
    const appended = join(folder, 'redis', 'appendonlydir');
    for (const name of await readdir(appended)) await writeFile(join(appended, name), 'not a log of Redis\n'.repeat(50));
    const log = recordingLog();
    const servers = await start(folder, log);
    expect(await redisDo(servers.redisUrl, (redis) => redis.dbsize())).to.equal(0);
    expect(log.lines.some(({ level, message }) => level === 'warn' && message.includes('Redis did not start'))).to.equal(true);
    await servers.stop();
  });

  it('go without Redis, and say so, where PATH has none', async () => {
    const folder = await makeDataFolder();
    const log = recordingLog();
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      const servers = await startEmbedded({ dataDir: folder, needPostgres: false, needRedis: true, log });
      expect(servers.redisUrl).to.equal(null);
      await servers.stop();
    } finally {
      process.env.PATH = path;
    }
    expect(log.lines.map(({ level }) => level)).to.deep.equal(['warn']);
  });

  it('run where the programs and the data lie below a folder that only its owner may enter', async () => {
    const closed = await realpath(await mkdtemp(join(homedir(), '.holdfast-test-')));
    await chmod(closed, 0o700);
    atTheEnd(async () => {
      await endProcessesIn(join(closed, 'deep', 'postgres'), PROGRAMS, []);
      await rm(closed, { recursive: true, force: true });
    });
    const { postgres } = await postgresPrograms();
    execFileSync('cp', ['-a', '--', dirname(dirname(postgres)), join(closed, 'native')]);
    const programs = { postgres: join(closed, 'native/bin/postgres'), initdb: join(closed, 'native/bin/initdb') };
    const folder = join(closed, 'deep');
    await mkdir(folder, { mode: 0o711 });
    const account = serverAccount([folder, programs.postgres, programs.initdb]);
    const [cluster, socketFolder] = [join(folder, 'postgres'), join(folder, 'socket')];
    await makeCluster(programs, account, cluster, 'secret');
    await makePrivateFolder(socketFolder, account);
    const server = await keepRunning(
      postgresRecipe(programs, account, { cluster, socketFolder, logFile: join(folder, 'log') }),
      recordingLog(),
    );
    expect(await query(postgresUrl(socketFolder, 'secret'), 'SELECT 1 AS one')).to.deep.equal([{ one: 1 }]);
    await server.stop();
  });
});
