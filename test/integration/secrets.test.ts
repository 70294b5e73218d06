// Owns the proof that no password leaves a coordinator: not in its logs, its answers, its figures, its traces or its command lines, whatever goes
// wrong; and that workers do not even get the owner's.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { answered, brief, call, receive, until } from '../support/call.ts';
import { startCollector } from '../support/collector.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { childrenOf } from '../support/process-tree.ts';
import { makeRoles, type RoleUrls, run } from '../support/roles.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const READS = [
  ...['/v1/stock/S', '/v1/stock?limit=0', '/v1/transactions?state=NONE', '/v1/participants', '/v1/none', '/v1/transactions/x'],
  ...['/v1/operations/hottest', '/metrics', '/readyz', '/livez', '/openapi.json', '/console', '/console/api/overview'],
  ...['/console/api/participants', '/console/api/none'],
];

describe('secrets', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let urls: RoleUrls;
  let folder = '';
  let secrets: readonly string[] = [];

  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const expectNone = (where: string, text: string): void => {
    for (const secret of secrets) expect(text.includes(secret), `${where} holds ${secret}:\n${text}`).to.equal(false);
  };
  /** Everything that a caller can read, in one text. */
  const readAll = async (url: string): Promise<string> => {
    const answers = READS.map(async (path) => {
      const response = await fetch(new URL(path, url));
      return `${JSON.stringify([...response.headers])}\n${await response.text()}`;
    });
    return (await Promise.all(answers)).join('\n');
  };

  before(async () => {
    folder = await makeFolderForTheRun();
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    urls = await makeRoles(postgres.url);
    secrets = ['ledger_coordinator-password', 'ledger_owner-password', new URL(redis.url).password, 'wrong-password'];
  });
  after(() => Promise.all([postgres.stop(), redis.stop()]));

  it('come by file; workers get what they need of them', async () => {
    const coordinator = await startCoordinator({
      env: {
        DATABASE_URL_FILE: file('database', `${urls.application}\n`),
        HOLDFAST_MIGRATE_DATABASE_URL_FILE: file('owner', urls.owner),
        REDIS_URL_FILE: file('redis', redis.url),
        WORKERS: '2',
        LOG_LEVEL: 'trace',
      },
    });
    expect((await answered(coordinator.url, 'GET', '/readyz')).body).to.include({ postgres: 'up', redis: 'up' });
    const workers = childrenOf(coordinator.pid);
    expect(workers).to.have.length(2);
    for (const pid of existsSync('/proc/self/environ') ? workers : []) {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(environment)
        .to.include('DATABASE_URL=')
        .and.not.to.match(/MIGRATE_DATABASE_URL|ledger_owner|_URL_FILE/);
    }
    expectNone('ps', execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }));
    expectNone('an answer', await readAll(coordinator.url));
    expect(await coordinator.stop()).to.equal(0);
    expectNone('the log', coordinator.output());
  });

  it('stay inside while everything breaks', async () => {
    const env = { DATABASE_URL: urls.application, HOLDFAST_MIGRATE_DATABASE_URL: urls.owner, REDIS_URL: redis.url };
    const collector = await startCollector();
    const coordinator: CoordinatorProcess = await startCoordinator({
      env: { ...env, ...collector.env, LOG_LEVEL: 'trace', HOLDFAST_DATABASE_TIMEOUT_MS: '1000' },
    });
    await receive(coordinator.url, 'S', 5);
    expectNone('an answer', await readAll(coordinator.url));
    // The password is another from now on, and every connection ends.
    await run(urls.superuser, "ALTER ROLE ledger_coordinator PASSWORD 'another'");
    await run(urls.superuser, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ledger_coordinator'");
    const attempt = { items: [{ sku: 'S', quantity: 1 }] };
    await until('it is refused', async () => {
      const answer = await call(coordinator.url, 'POST', '/v1/transactions', attempt);
      return brief(answer) === '503 database-unavailable';
    });
    await redis.kill();
    expectNone('an answer', await readAll(coordinator.url));
    await run(urls.superuser, "ALTER ROLE ledger_coordinator PASSWORD 'ledger_coordinator-password'");
    await redis.restart();
    await until(
      'it goes on',
      async () => brief(await call(coordinator.url, 'POST', '/v1/transactions', attempt)) === '201 TRIED',
    );
    expect(await coordinator.stop()).to.equal(0);
    expect(coordinator.output(), 'the log tells of it').to.match(/password authentication failed|28P01/);
    expectNone('the log', coordinator.output());
    expect(collector.spans.filter(({ isError }) => isError)).not.to.deep.equal([]);
    expectNone('a trace', collector.bodies.join('\n'));
  });

  it('are not told by a start that fails, nor by a command', async () => {
    const wrong = (url: string): string => url.replace(/:[^:@]*@/, ':wrong-password@');
    const [main, path] = ['wrong-database', 'wrong-file'].map((name) => file(name, wrong(urls.application)));
    const runs = await Promise.all([
      holdfast(['serve'], {
        env: { DATABASE_URL: wrong(urls.application), REDIS_URL: redis.url, LOG_LEVEL: 'trace', PORT: '0' },
      }),
      holdfast(['serve'], { env: { DATABASE_URL_FILE: main ?? '', DATABASE_URL: urls.application, LOG_LEVEL: 'trace' } }),
      holdfast(['migrate'], { env: { DATABASE_URL_FILE: path ?? '' } }),
      holdfast(['migrate'], { env: { DATABASE_URL_FILE: join(folder, 'none') } }),
      holdfast(['stock', 'S'], { env: { HOLDFAST_URL_FILE: file('url', 'http://me:wrong-password@127.0.0.1:1') } }),
    ]);
    const told = runs.map(({ stdout, stderr }) => stdout + stderr);
    for (const [index, text] of told.entries()) expectNone(`run ${index}`, text);
    expect(runs.map(({ end }) => end)).to.deep.equal([1, 1, 1, 2, 2]);
    expect(told[0]).to.include('password authentication failed');
    expect(told[1]).to.include('DATABASE_URL and DATABASE_URL_FILE are both set');
    expect(told[2]).to.include('password authentication failed');
    expect(told[3]).to.include(`DATABASE_URL_FILE names ${join(folder, 'none')}, which cannot be read (ENOENT)`);
    expect(told[4]).to.include('HOLDFAST_URL must be a URL');
  });

  it('are not told where Redis does not take the password', async () => {
    const env = {
      DATABASE_URL: urls.application,
      REDIS_URL: redis.url.replace(/:[^:@]*@/, ':wrong-password@'),
      LOG_LEVEL: 'trace',
    };
    const coordinator = await startCoordinator({ env });
    await until('it says so', async () => coordinator.output().includes('WRONGPASS'));
    expectNone('an answer', await readAll(coordinator.url));
    expect(await coordinator.stop()).to.equal(0);
    expectNone('the log', coordinator.output());
  });
});
