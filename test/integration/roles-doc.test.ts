// Owns the proof that "Roles and secrets" of docs/operations.md works as it stands there: its own lines are run against a real PostgreSQL,
// with the files that scripts/compose-secrets.sh makes; and so is what the PostgreSQL of docker-compose.yml does at its first start.
import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { answered, receive } from '../support/call.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { linesOf } from '../support/pages.ts';
import { DENIED, refusalOf, run } from '../support/roles.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';
import { runTool, toolOrSkip } from '../support/tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('docs/operations.md on roles and secrets', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let folder = '';
  let administrator: NodeJS.ProcessEnv = {};

  const sh = (lines: string, env: NodeJS.ProcessEnv = administrator): string => {
    const { status, output } = runTool('/bin/sh', ['-euc', lines], { env, cwd: folder });
    expect(status, output).to.equal(0);
    return output;
  };
  const secret = (name: string): string => readFileSync(join(folder, 'secrets', name), 'utf8').trim();
  /** As the page's files have it, at the server of the test. */
  const here = (name: string): string => secret(name).replace(/@postgres:5432\/holdfast$/, `@${placeOf(postgres.url)}/holdfast`);

  before(async function () {
    toolOrSkip(this, 'psql', 'postgresql-client');
    toolOrSkip(this, 'openssl', 'openssl');
    folder = await makeFolderForTheRun();
    postgres = await startServer();
    for (const name of ['sql', 'scripts', 'node_modules']) symlinkSync(join(ROOT, name), join(folder, name));
    sh('sh scripts/compose-secrets.sh', process.env);
    const { hostname, port } = new URL(postgres.url);
    writeFileSync(join(folder, 'pgpass'), '*:*:*:postgres:administrator\n', { mode: 0o600 });
    administrator = {
      ...{ PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`, HOME: process.env.HOME },
      ...{ PGHOST: decodeURIComponent(hostname), PGPORT: port, PGUSER: 'postgres', PGPASSFILE: join(folder, 'pgpass') },
    };
  });
  after(() => postgres?.stop());

  it('has the files made that docker-compose.yml names, once, for those alone who may enter their folder', () => {
    const { secrets } = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
      readonly secrets: Readonly<Record<string, unknown>>;
    };
    const names = readdirSync(join(folder, 'secrets'));
    expect(names).to.have.members(Object.keys(secrets));
    expect(statSync(join(folder, 'secrets')).mode & 0o777).to.equal(0o700);
    const before = names.map(secret);
    for (const [index, text] of before.entries()) {
      if (names[index]?.endsWith('-password')) expect(text).to.match(/^[0-9a-f]{48}$/);
      expect(before.indexOf(text), `${names[index]} is nobody else's`).to.equal(index);
    }
    expect(secret('database-url')).to.include(`holdfast_coordinator:${secret('coordinator-password')}@`);
    sh('sh scripts/compose-secrets.sh', process.env);
    expect(names.map(secret)).to.deep.equal(before);
  });

  it('makes roles, logins, schema and readers that work', async () => {
    sh(linesOf('roles and logins'));
    sh(linesOf('roles and logins'));
    for (const name of ['migrate-database-url', 'database-url']) {
      const url = here(name);
      rmSync(join(folder, 'secrets', name));
      writeFileSync(join(folder, 'secrets', name), `${url}\n`);
    }
    const applied = sh(linesOf('schema').replace('npx holdfast', 'node scripts/holdfast.mjs'));
    expect(applied).to.include('0010_roles.sql');
    const coordinator = await startCoordinator({ env: { DATABASE_URL_FILE: join(folder, 'secrets/database-url') } });
    await receive(coordinator.url, 'S', 3);
    expect((await answered(coordinator.url, 'GET', '/v1/stock/S')).body).to.include({ available: 3 });
    expect(await coordinator.stop()).to.equal(0);
    const application = here('database-url');
    expect(await refusalOf(application, 'DELETE FROM holdfast.event')).to.equal(DENIED);
    expect(await refusalOf(application, 'CREATE TABLE holdfast.mine ()')).to.equal(DENIED);
    const [owner] = await run(here('migrate-database-url'), 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
    expect(owner).to.deep.equal({ rolsuper: false });

    sh(linesOf('reader'));
    sh(linesOf('retention'), { ...administrator, PGUSER: 'holdfast', PGPASSWORD: secret('owner-password') });
    expect(await run(application, 'SELECT least_days FROM holdfast.retention')).to.deep.equal([{ least_days: 30 }]);
    const reader = "SELECT pg_has_role('mira', 'holdfast_reader', 'USAGE') AS is_member";
    expect(await run(application, reader)).to.deep.equal([{ is_member: true }]);
  });

  it('refuses logins without passwords', () => {
    const env = { ...administrator, SECRETS_FOLDER: join(folder, 'none') };
    const { status, output } = runTool('psql', ['--no-psqlrc', '--dbname=postgres', '--file=sql/roles/logins.sql'], {
      env,
      cwd: folder,
    });
    expect(status).not.to.equal(0);
    expect(output).to.include('a password is missing');
  });

  it('does the same at the first start of compose’s PostgreSQL', async () => {
    const fresh = await startServer();
    const { hostname } = new URL(fresh.url);
    const env = {
      ...administrator,
      ...{ PGHOST: decodeURIComponent(hostname), POSTGRES_USER: 'postgres' },
      ...{ SECRETS_FOLDER: join(folder, 'secrets'), ROLES_FOLDER: join(ROOT, 'sql/roles') },
    };
    sh('sh scripts/compose-logins.sh', env);
    const url = `postgres://holdfast_coordinator:${secret('coordinator-password')}@${placeOf(fresh.url)}/holdfast`;
    expect(await run(url, 'SELECT current_user AS me')).to.deep.equal([{ me: 'holdfast_coordinator' }]);
    await fresh.stop();
  });
});

/** With an administrator who is called as usual; the tests' own is called as the page calls the owner. */
async function startServer(): Promise<TestServer> {
  const server = await startPostgres();
  await run(server.url, "CREATE ROLE postgres LOGIN SUPERUSER PASSWORD 'administrator'");
  const administrator = server.url.replace(/\/\/[^@]*@/, '//postgres:administrator@');
  await run(administrator, 'ALTER ROLE holdfast RENAME TO first');
  return { ...server, url: administrator };
}

const placeOf = (url: string): string => /@([^/]*)\//.exec(url)?.[1] ?? '';
