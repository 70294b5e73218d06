// Owns the tests of `holdfast` as a program: help, usage, serve, migrate, and an old Node.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { SETTINGS } from '../../src/settings.ts';
import { type CommandRun, holdfast, OLD_NODE, serveOnce } from '../support/holdfast-command.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const COMMANDS = ['serve', 'migrate', 'import', 'stock', 'inspect'];
async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

describe('holdfast as a program', function () {
  this.timeout(60_000);
  let postgres: TestServer;

  before(async () => {
    postgres = await startPostgres();
  });
  after(() => postgres.stop());

  describe('help and usage', () => {
    for (const args of [['--help'], ...COMMANDS.map((name) => [name, '--help']), ['help', 'stock']]) {
      it(`holdfast ${args.join(' ')}: options and examples on stdout`, async () => {
        const { end, stdout, stderr } = await holdfast(args);
        expect({ end, stderr }).to.deep.equal({ end: 0, stderr: '' });
        expect(stdout)
          .to.match(/^Usage: holdfast/)
          .and.to.match(/\nExamples:\n {2}\$ /);
      });
    }

    it('documents the exit codes, the settings and the version', async () => {
      expect((await holdfast(['--help'])).stdout).to.match(
        /Exit codes:\n {2}0 {2}done\n {2}1 .*\n {2}2 .*\n {2}3 .*\n {2}4 .*\n {2}5 /,
      );
      expect((await holdfast(['serve', '--help'])).stdout).to.include(
        `HOLDFAST_SWEEP_INTERVAL_MS (default ${SETTINGS.sweepIntervalMs.fallback})`,
      );
      expect((await holdfast(['--version'])).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
    });

    const usages = [[], ['stok'], ['stock'], ['stock', 'A', 'B'], ['stock', 'A', '--bogus'], ['stock', 'A', '--limit', '501']];
    for (const args of [
      ...usages,
      ['import', 'x.csv', '--format', 'xml'],
      ['serve', '--port', 'x'],
      ['serve', '--workers', ''],
    ]) {
      it(`2 from holdfast ${JSON.stringify(args.join(' '))}`, async () => {
        const { end, stdout, stderr } = await holdfast(args);
        expect({ end, stdout }).to.deep.equal({ end: 2, stdout: '' });
        expect(stderr).to.match(args.length === 0 ? /^Usage: / : /^holdfast: .*\n/);
      });
    }

    it('shows control characters of an argument escaped', async () => {
      expect((await holdfast(['\u001b[2J'])).stderr)
        .to.include("unknown command '\\u001b[2J'")
        .and.not.to.include('\u001b');
    });
  });

  describe('migrate', () => {
    const migrateWith = (url: string): Promise<CommandRun> => holdfast(['migrate'], { env: { DATABASE_URL: url } });

    it('says what it applied, once, also where two run at the same time', async () => {
      const runs = await Promise.all([migrateWith(postgres.url), holdfast(['migrate', '--database-url', postgres.url])]);
      expect(runs.map(({ end }) => end)).to.deep.equal([0, 0]);
      expect(runs.map(({ stdout }) => stdout).filter((text) => text.includes('0001_ledger.sql'))).to.have.length(1);
      expect((await migrateWith(postgres.url)).stdout).to.equal('The database is up to date: no migration was missing.\n');
    });

    it('refuses a schema newer than itself in one sentence', async () => {
      await query(postgres.url, `INSERT INTO holdfast.schema_migration (name, digest) VALUES ('9999_later.sql', 'x')`);
      const { end, stdout, stderr } = await migrateWith(postgres.url);
      await query(postgres.url, `DELETE FROM holdfast.schema_migration WHERE name = '9999_later.sql'`);
      expect({ end, stdout }).to.deep.equal({ end: 1, stdout: '' });
      expect(stderr).to.match(
        /^holdfast: the database's schema \(9999_later\.sql\) is newer than this version of holdfast \(.*\n$/,
      );
    });

    it('fails with one sentence where the connection breaks while it waits for another', async () => {
      const other = new pg.Client({ connectionString: postgres.url });
      await other.connect();
      await other.query('SELECT pg_advisory_lock(7205001)');
      const running = migrateWith(postgres.url);
      const waiting = `FROM pg_stat_activity WHERE application_name = 'holdfast migrate' AND wait_event = 'advisory'`;
      while ((await other.query(`SELECT pid ${waiting}`)).rowCount === 0) await delay(20);
      await other.query(`SELECT pg_terminate_backend(pid) ${waiting}`);
      const { end, stderr } = await running.finally(() => other.end());
      expect(end).to.equal(1);
      expect(stderr).to.match(/^holdfast: [^\n]*\n$/);
    });

    it('fails with one sentence, without the URL and its password', async () => {
      const away = await migrateWith('postgres://me:hunter2@127.0.0.1:1/x');
      expect(away).to.deep.equal({
        end: 1,
        stdout: '',
        stderr: 'holdfast: PostgreSQL at 127.0.0.1:1/x cannot be used: connect ECONNREFUSED 127.0.0.1:1.\n',
      });
      const wrong = await holdfast(['migrate', '--database-url', 'mysql://me:hunter2@db']);
      expect(wrong.end).to.equal(2);
      expect(wrong.stderr)
        .to.match(/^holdfast: --database-url must be a URL that begins with postgres:/)
        .and.not.to.include('hunter2');
      expect((await holdfast(['migrate'])).end).to.equal(2);
    });
  });

  describe('serve', () => {
    it('takes options over variables, several workers, and ends with 0', async () => {
      const env = { DATABASE_URL: postgres.url, PORT: '1', HOLDFAST_URL: 'http://127.0.0.1:8080', LOG_LEVEL: 'warn' };
      expect(await serveOnce(['--host', '127.0.0.1', '--workers', '2'], { env })).to.deep.equal({ ready: 200, end: 0 });
    });

    it('runs on the pinned Node where the running one is too old, and passes signals and the end on', async () => {
      expect((await holdfast(['--version'], { nodeOptions: OLD_NODE })).stdout).to.match(/^\d+\.\d+\.\d+\n$/);
      expect((await holdfast(['bogus'], { nodeOptions: OLD_NODE })).end).to.equal(2);
      const options = { env: { DATABASE_URL: postgres.url, LOG_LEVEL: 'warn' }, nodeOptions: OLD_NODE };
      expect(await serveOnce([], options)).to.deep.equal({ ready: 200, end: 0 });
    });
  });
});
