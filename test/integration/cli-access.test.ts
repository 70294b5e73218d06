// Owns the proof of `holdfast keys` and `holdfast audit`: on a database of one's own and on the embedded one that runs, without a key in
// sight where others could see it; and of what the check of the audit finds.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import pg from 'pg';
import { verify } from '../../src/cli/audit.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { until } from '../support/call.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { makeFolder } from '../support/folder.ts';
import { holdfast, startHoldfast } from '../support/holdfast-command.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const KEY = /^hf_([0-9a-f-]{36})_[0-9a-f]{64}\n$/;

describe('holdfast keys', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let env: Record<string, string> = {};

  before(async () => {
    postgres = await startPostgres();
    env = { DATABASE_URL: postgres.url };
  });
  after(() => postgres.stop());

  it('says what to do where there is no schema, and no ledger', async () => {
    const bare = await holdfast(['keys', 'list'], { env });
    expect(bare).to.deep.include({ end: 1, stdout: '' });
    expect(bare.stderr).to.contain('run holdfast migrate first');
    const none = await holdfast(['keys', 'list'], { env: { HOLDFAST_DATA_DIR: '/nowhere' } });
    expect(none.end).to.equal(2);
    expect(none.stderr).to.contain('DATABASE_URL is not set').and.to.contain('/nowhere');
  });

  it('generates a key that is in no list', async () => {
    const made = await holdfast(['keys', 'generate']);
    expect(made.end).to.equal(0);
    expect(made.stdout).to.match(KEY);
  });

  it('makes, lists, rotates and revokes keys that a coordinator takes', async () => {
    await migrate(postgres.url);
    expect((await holdfast(['keys', 'list'], { env })).stdout).to.equal('There is no key yet.\n');
    const made = await holdfast(['keys', 'create', '--name', 'first\u001b[31m', '--scopes', 'admin,stock:read'], { env });
    expect(made.stderr).to.equal('');
    const [, id = ''] = KEY.exec(made.stdout) ?? [];
    const coordinator = await startCoordinator({ env });
    const status = async (key: string): Promise<number> =>
      (await coordinator.request('/v1/keys', { headers: { authorization: `Bearer ${key.trim()}` } })).status;
    expect([await status(made.stdout), await status('')]).to.deep.equal([200, 401]);
    const listed = await holdfast(['keys', 'list'], { env });
    expect(listed.stdout)
      .to.match(new RegExp(`^${id}  good +first`))
      .and.to.contain('[stock:read, admin]')
      .and.to.not.contain('\u001b');
    const rotated = await holdfast(['keys', 'rotate', id, '--overlap-ms', '0', '--json'], { env });
    const fresh = JSON.parse(rotated.stdout) as { id: string; key: string; scopes: string[] };
    expect(fresh.scopes).to.deep.equal(['stock:read', 'admin']);
    await until('the coordinator knows', async () => (await status(fresh.key)) === 200 && (await status(made.stdout)) === 401);
    expect((await holdfast(['keys', 'revoke', fresh.id], { env })).stdout).to.contain('is revoked');
    await until('the coordinator knows', async () => (await status(fresh.key)) === 401);
    expect(await coordinator.stop()).to.equal(0);
  });

  it('says what is wrong with what it is asked', async () => {
    const wrong: readonly (readonly [readonly string[], number])[] = [
      [['create', '--name', 'x', '--scopes', 'everything'], 2],
      [['create', '--name', '', '--scopes', 'admin'], 2],
      [['create', '--name', 'x', '--scopes', 'admin', '--expires-at', 'tomorrow'], 2],
      [['create', '--name', 'x', '--scopes', 'admin', '--expires-at', '2020-01-01T00:00:00Z'], 1],
      [['create', '--name', 'x'], 2],
      [['rotate', 'x'], 2],
      [['rotate', '0193b0a4-7c1e-7d00-8000-000000000001'], 3],
      [['rotate', '0193b0a4-7c1e-7d00-8000-000000000001', '--overlap-ms', '-1'], 2],
      [['revoke', '0193b0a4-7c1e-7d00-8000-000000000001'], 3],
      [['list', '--database-url', 'mysql://x'], 2],
    ];
    const told = await Promise.all(
      wrong.map(async ([args, end]) => ({ args, ...(await holdfast(['keys', ...args], { env })), wanted: end })),
    );
    for (const { args, end, wanted, stderr } of told) {
      expect(end, `${args.join(' ')}: ${stderr}`).to.equal(wanted);
      expect(stderr).to.match(/^holdfast: .+/);
    }
  });

  it('works beside the coordinator on its embedded PostgreSQL, whose other commands then show a key', async () => {
    const folder = await makeFolder();
    const coordinator = await startCoordinator({ env: { HOLDFAST_DATA_DIR: folder } });
    const made = await holdfast(['keys', 'create', '--name', 'first', '--scopes', 'admin'], {
      env: { HOLDFAST_DATA_DIR: folder },
    });
    expect(made.stderr).to.equal('');
    const url = ['--url', coordinator.url];
    await until('it is asked for', async () => (await holdfast(['stock', 'A', ...url])).stderr.includes('unauthenticated'));
    const refused = await holdfast(['stock', 'A', ...url]);
    expect(refused.end).to.equal(1);
    expect(refused.stderr).to.contain('HOLDFAST_KEY');
    const HOLDFAST_KEY = made.stdout.trim();
    const imported = await holdfast(['import', '-', '--format', 'csv', ...url], {
      env: { HOLDFAST_KEY },
      stdin: 'sku,available\nA,5\n',
    });
    expect(imported.end, imported.stderr).to.equal(0);
    expect((await holdfast(['stock', 'A', ...url], { env: { HOLDFAST_KEY } })).stdout).to.contain('5');
    expect((await holdfast(['audit', 'verify'], { env: { HOLDFAST_DATA_DIR: folder } })).stdout).to.contain('The audit is whole');
    expect(await coordinator.stop()).to.equal(0);
  });

  it('leaves no key on a command line while it runs', async () => {
    const made = (await holdfast(['keys', 'generate'])).stdout.trim();
    // A port that takes the connection and never answers.
    const silent = spawn(process.execPath, [
      '-e',
      "require('node:net').createServer(() => {}).listen(0, '127.0.0.1', function () { console.log(this.address().port) })",
    ]);
    const port = await new Promise<string>((resolve) => silent.stdout.once('data', (text) => resolve(String(text).trim())));
    const waiting = startHoldfast(['stock', 'A', '--url', `http://127.0.0.1:${port}`], { env: { HOLDFAST_KEY: made } });
    await until('it runs', async () => commandLines().some((line) => line.includes(`http://127.0.0.1:${port}`)));
    for (const line of commandLines()) expect(line).to.not.contain(made.slice(-40));
    waiting.kill('SIGKILL');
    silent.kill('SIGKILL');
  });
});

/** What every user of the machine can see. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        // It has ended meanwhile.
        return [];
      }
    });
}

describe('holdfast audit verify', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let env: Record<string, string> = {};
  let head = '';

  /** Says what the check finds where the database's owner has changed something; which is undone afterwards. */
  async function foundAfter(...statements: readonly string[]): Promise<string> {
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    try {
      await client.query('CREATE SCHEMA kept');
      for (const table of ['audit_entry', 'audit_link', 'audit_pending'])
        await client.query(`CREATE TABLE kept.${table} AS TABLE holdfast.${table}`);
      for (const statement of statements) await client.query(statement);
      // As the command does it, without a process for each.
      const { exitCode, text } = await verify(postgres.url, undefined);
      expect(exitCode, text).to.equal(1);
      return text;
    } finally {
      for (const table of ['audit_entry', 'audit_link', 'audit_pending']) {
        await client.query(`DELETE FROM holdfast.${table}`);
        await client.query(
          `INSERT INTO holdfast.${table} ${table === 'audit_entry' ? 'OVERRIDING SYSTEM VALUE' : ''} TABLE kept.${table}`,
        );
      }
      await client.query('DROP SCHEMA kept CASCADE');
      await client.end();
    }
  }

  const verified = (...more: readonly string[]) => holdfast(['audit', 'verify', ...more], { env });

  before(async () => {
    postgres = await startPostgres();
    env = { DATABASE_URL: postgres.url };
    const coordinator = await startCoordinator({ env });
    for (let count = 0; count < 3; count += 1) {
      await coordinator.request('/v1/stock/movements', { json: { sku: 'a', kind: 'RECEIVE', quantity: 1 + count } });
      await until('it has its link', async () => {
        const { text } = await verify(postgres.url, undefined, true);
        const { pending, links } = JSON.parse(text) as { pending: number; links: number };
        return pending === 0 && links === count + 1;
      });
    }
    await coordinator.stop();
  });
  after(() => postgres.stop());

  it('tells that all is whole, and the head to be noted', async () => {
    const { end, stdout } = await verified();
    expect(end).to.equal(0);
    expect(stdout).to.match(/^The audit is whole: 3 entries in 3 links; 0 not yet in one\.\nHead: 3:[0-9a-f]{64}\n$/);
    [, head = ''] = /Head: (\S+)/.exec(stdout) ?? [];
    expect((await verified('--since', head)).end).to.equal(0);
    expect((await verified('--since', 'yesterday')).end).to.equal(2);
  });

  it('finds an entry that was changed, removed or slipped in', async () => {
    expect(await foundAfter("UPDATE holdfast.audit_entry SET actor_name = 'somebody else' WHERE id = 2")).to.contain(
      'link 2, or one of its entries, was changed',
    );
    expect(
      await foundAfter(`UPDATE holdfast.audit_entry SET detail = replace(detail, '"quantity":1', '"quantity":9') WHERE id = 1`),
    ).to.contain('link 1, or one of');
    expect(await foundAfter('DELETE FROM holdfast.audit_entry WHERE id = 3')).to.contain('entry 3 of link 3 is missing');
    const slipped = `INSERT INTO holdfast.audit_entry (at, act, subject, actor_kind, actor_id, actor_name, address, detail)
      VALUES (now(), 'key.create', 'x', 'nobody', '', '', 'here', '{}')`;
    expect(await foundAfter(slipped)).to.match(/entry \d+ is in no link and does not wait for one/);
  });

  it('finds a link that was removed, changed or made anew, and an end that was cut off where its head was noted', async () => {
    expect(await foundAfter('DELETE FROM holdfast.audit_link WHERE number = 2')).to.contain('link 2 is missing');
    expect(await foundAfter('DELETE FROM holdfast.audit_link WHERE number = 1')).to.contain('link 1 is missing');
    expect(await foundAfter("UPDATE holdfast.audit_link SET at = at + interval '1 hour' WHERE number = 2")).to.contain(
      'link 2, or one of',
    );
    expect(await foundAfter("UPDATE holdfast.audit_link SET entry_ids = '{1,2}' WHERE number = 2")).to.contain(
      'link 2, or one of',
    );
    const client = new pg.Client({ connectionString: postgres.url });
    await client.connect();
    await client.query('DELETE FROM holdfast.audit_link WHERE number = 3');
    await client.query('DELETE FROM holdfast.audit_entry WHERE id = 3');
    await client.end();
    // By itself it looks whole; whoever noted the head knows better.
    expect((await verified()).end).to.equal(0);
    const cut = await verified('--since', head);
    expect(cut.end).to.equal(1);
    expect(cut.stdout).to.contain('the end of the chain was cut off');
  });
});
