// Owns the tests of the commands that need no key (holdfast keys, holdfast audit), on a database and on the one of a coordinator that
// runs, and of those that show one: what they print, how they end, and that no key is seen where it should not be.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { readKey } from '../../src/access/key.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { makeDataFolder, query } from '../support/embedded.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { BIN, type CommandRun, holdfast } from '../support/holdfast-command.ts';
import { askWith, NO_REDIS } from '../support/keys.ts';
import { childrenOf } from '../support/process-tree.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const UNKNOWN_ID = '0193b0a4-7c1e-7d00-8000-00000000000f';
const KEY_LINE = /^hf_[0-9a-f-]{36}_[0-9a-f]{64}\n$/;

describe('holdfast keys and audit on the command line', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess | null = null;
  let key = '';

  before(async () => {
    postgres = await startPostgres();
  });
  after(async () => {
    if (coordinator !== null) expect(await coordinator.stop()).to.equal(0);
    await postgres.stop();
  });

  const run = (...args: string[]): Promise<CommandRun> => holdfast(args, { env: { DATABASE_URL: postgres.url } });
  const done = async (...args: string[]): Promise<string> => {
    const { end, stdout, stderr } = await run(...args);
    expect([end, stderr], stdout).to.deep.equal([0, '']);
    return stdout;
  };
  const idIn = (text: string): string => readKey(text.trim())?.id ?? 'no key';

  it('make a key for a file without any database, another each time', async () => {
    const [one, other] = await Promise.all([holdfast(['keys', 'generate']), holdfast(['keys', 'generate'])]);
    for (const { end, stdout, stderr } of [one, other]) {
      expect([end, stderr]).to.deep.equal([0, '']);
      expect(stdout).to.match(KEY_LINE);
    }
    expect(one.stdout).not.to.equal(other.stdout);
  });

  it('say what is missing: a database, its schema, or one that answers', async () => {
    const dataDir = await makeDataFolder();
    const nowhere = await holdfast(['keys', 'list'], { env: { HOLDFAST_DATA_DIR: dataDir } });
    expect(nowhere.end).to.equal(2);
    expect(nowhere.stderr).to.include('DATABASE_URL is not set').and.include(dataDir).and.include('start the coordinator');
    const empty = await run('keys', 'list');
    expect([empty.end, empty.stderr]).to.deep.equal([
      1,
      'holdfast: The database has no schema of this version: run holdfast migrate first.\n',
    ]);
    const url = 'postgres://user:hunter2@127.0.0.1:1/db';
    const [list, audit, odd] = await Promise.all([
      holdfast(['keys', 'list', '--database-url', url]),
      holdfast(['audit', 'verify'], { env: { DATABASE_URL: url } }),
      holdfast(['keys', 'list', '--database-url', 'mysql://hunter2@x/y']),
    ]);
    const away = 'holdfast: PostgreSQL did not do it: nothing listens there (connection refused).\n';
    for (const { end, stderr } of [list, audit]) expect([end, stderr]).to.deep.equal([5, away]);
    expect(odd.end).to.equal(2);
    expect(odd.stderr).not.to.include('hunter2');
  });

  it('make, list, rotate and revoke keys where no coordinator runs', async () => {
    await done('migrate');
    expect(await done('keys', 'list')).to.equal('There is no key yet.\n');
    const made = await done('keys', 'create', '--name', 'order service', '--scopes', 'transactions:read,transactions:write');
    expect(made).to.match(KEY_LINE);
    const id = idIn(made);
    const end = '2099-01-01T00:00:00.000Z';
    const other = JSON.parse(
      await done('keys', 'create', '--name', 'brief', '--scopes', 'stock:read', '--expires-at', end, '--json'),
    );
    expect(other).to.deep.include({ name: 'brief', scopes: ['stock:read'], expiresAt: end, revokedAt: null, replacedBy: null });
    expect(`${other.key}\n`).to.match(KEY_LINE).and.include(other.id);
    expect(await done('keys', 'list')).to.equal(
      `${other.id}  until 2099-01-01T00:00:00.000Z    brief  [stock:read]\n` +
        `${id}  good                              order service  [transactions:read, transactions:write]\n`,
    );
    const rotated = await done('keys', 'rotate', id, '--overlap-ms', '3600000');
    expect(rotated).to.match(KEY_LINE).and.not.include(id);
    expect(await done('keys', 'revoke', other.id)).to.equal(
      `Key ${other.id} (brief) is revoked; coordinators that run know it within a second.\n`,
    );
    expect(JSON.parse(await done('keys', 'revoke', other.id, '--json')).revokedAt).to.be.a('string');
    const { items } = JSON.parse(await done('keys', 'list', '--json'));
    expect(items.map(({ name, replacedBy }: Record<string, unknown>) => [name, replacedBy])).to.deep.equal([
      ['order service', null],
      ['brief', null],
      ['order service', idIn(rotated)],
    ]);
    expect(JSON.stringify(items)).not.to.match(/[0-9a-f]{64}/);
    const [again, gone, unknown] = await Promise.all([
      run('keys', 'rotate', id),
      run('keys', 'rotate', other.id),
      run('keys', 'revoke', UNKNOWN_ID),
    ]);
    expect([again.end, again.stderr]).to.deep.equal([1, `holdfast: Key ${id} was replaced by another already; rotate that.\n`]);
    expect([gone.end, gone.stderr]).to.deep.equal([1, `holdfast: Key ${other.id} is no longer, or would never be, good.\n`]);
    expect([unknown.end, unknown.stderr]).to.deep.equal([3, `holdfast: There is no key ${UNKNOWN_ID}.\n`]);
  });

  it('refuse wrong usage, and write nothing', async () => {
    const before = await query(postgres.url, 'SELECT count(*) FROM holdfast.audit_entry');
    const create = ['keys', 'create', '--name', 'x', '--scopes', 'stock:read'];
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['keys', 'create', '--name', 'x'], /--scopes/],
      [['keys', 'create', '--scopes', 'admin'], /--name/],
      [['keys', 'create', '--name', 'x', '--scopes', 'admin,root'], /--scopes must be some of/],
      [['keys', 'create', '--name', ' ', '--scopes', 'admin'], /--name must have 1 to 100 characters/],
      [[...create, '--expires-at', 'soon'], /--expires-at must be a date and time/],
      [[...create, '--expires-at', '+275760-09-13T00:00:00Z'], /--expires-at must be a date and time/],
      [['keys', 'rotate', UNKNOWN_ID, '--overlap-ms', '-1'], /--overlap-ms must be a whole number/],
      [['keys', 'revoke', 'brief'], /The id of a key is a UUID/],
      [['keys', 'lose'], /unknown command/],
      [['audit', 'verify', '--since', '4'], /--since must be the head/],
    ];
    const ends = await Promise.all(wrong.map(async ([args, said]) => [await run(...args), said] as const));
    for (const [{ end, stderr, stdout }, said] of ends) {
      expect([end, stdout], stderr).to.deep.equal([2, '']);
      expect(stderr).to.match(said);
    }
    expect(await query(postgres.url, 'SELECT count(*) FROM holdfast.audit_entry')).to.deep.equal(before);
  });

  it('are written down as what somebody at the command line did', async () => {
    const acts = await query(
      postgres.url,
      'SELECT act, actor_kind, actor_name, actor_id, address FROM holdfast.audit_entry ORDER BY id',
    );
    const [first] = acts as readonly Record<string, string>[];
    expect((acts as { readonly act: string }[]).map(({ act }) => act)).to.deep.equal([
      ...['key.create', 'key.create', 'key.rotate', 'key.revoke'],
    ]);
    expect(first).to.deep.include({ actor_kind: 'operator', actor_name: 'command line' });
    expect(first?.actor_id).not.to.equal('');
    const told = JSON.parse(await done('audit', 'verify', '--json'));
    expect(told).to.deep.equal({ faults: [], links: 0, entries: 0, pending: 4, head: { number: 0, hash: '0'.repeat(64) } });
  });

  describe('with a coordinator that keeps its own servers', () => {
    let dataDir: string;
    let embedded: CoordinatorProcess;
    before(async () => {
      dataDir = await makeDataFolder();
      embedded = await startCoordinator({ env: { HOLDFAST_DATA_DIR: dataDir, REDIS_URL: NO_REDIS } });
    });
    after(async () => expect(await embedded.stop()).to.equal(0));

    it('find its database, and its first key closes it within a second or so', async () => {
      const env = { HOLDFAST_DATA_DIR: dataDir };
      const made = await holdfast(['keys', 'create', '--name', 'admin', '--scopes', 'admin'], { env });
      expect(made.stdout, made.stderr).to.match(KEY_LINE);
      await until('it is closed', async () => (await embedded.request('/v1/stock')).status === 401, 5_000);
      key = made.stdout.trim();
      expect(
        (
          await askWith(
            () => embedded,
            () => key,
          )('GET', '/v1/keys')
        ).body.items,
      ).to.have.length(1);
      const told = await holdfast(['audit', 'verify'], { env });
      expect(told.stdout).to.match(/^The audit is whole: /);
      expect((await holdfast(['keys', 'list'], { env })).stdout).to.include(idIn(key));
    });

    it('import, stock and inspect show the key of the environment, and say so where it is missing or not good', async () => {
      const folder = await makeFolderForTheRun();
      const file = join(folder, 'stock.csv');
      await writeFile(file, 'sku,warehouse,available\nSKU-1,default,5\n');
      const client = (args: readonly string[], shown: string) =>
        holdfast(args, { env: { HOLDFAST_URL: embedded.url, HOLDFAST_KEY: shown } });
      expect((await client(['import', file], key)).end).to.equal(0);
      expect((await client(['stock', 'SKU-1'], key)).stdout).to.include('default');
      const body = { items: [{ sku: 'SKU-1', quantity: 1 }] };
      const { id } = (
        await askWith(
          () => embedded,
          () => key,
        )('POST', '/v1/transactions', body)
      ).body;
      expect((await client(['inspect', id], key)).stdout).to.include('TRIED');
      for (const shown of ['', `hf_${UNKNOWN_ID}_${'0'.repeat(64)}`]) {
        const { end, stderr } = await client(['stock', 'SKU-1'], shown);
        expect([end, /HOLDFAST_KEY/.test(stderr)], stderr).to.deep.equal([1, true]);
      }
      const odd = await client(['stock', 'SKU-1'], 'two words');
      expect([odd.end, odd.stderr]).to.deep.equal([2, 'holdfast: HOLDFAST_KEY must be a key or a token.\n']);
    });

    it('show no key to whoever lists processes', async () => {
      const child: ChildProcess = spawn(process.execPath, [BIN, 'import', '-', '--format', 'csv'], {
        env: { PATH: process.env.PATH, HOME: process.env.HOME, HOLDFAST_URL: embedded.url, HOLDFAST_KEY: key },
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      const ended = once(child, 'exit');
      const began = async () =>
        (
          await askWith(
            () => embedded,
            () => key,
          )('GET', '/v1/audit?act=stock.import.begin')
        ).body.items.length;
      const before = await began();
      child.stdin?.write('sku,warehouse,available\n');
      await until('it is under way', async () => (await began()) > before);
      const seen = await Promise.all(
        [child.pid ?? 0, embedded.pid, ...(await childrenOf(child.pid ?? 0)), ...(await childrenOf(embedded.pid))].map((pid) =>
          readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
        ),
      );
      child.stdin?.end('SKU-2,default,5\n');
      expect(await ended).to.deep.equal([0, null]);
      expect(seen.join('\n')).to.include('import').and.include('main.ts').and.not.include('hf_');
    });
  });

  describe('check the audit', () => {
    const made: string[] = [];
    let head: string;
    let links: number;

    before(async () => {
      coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS } });
      const whole = async () => JSON.parse((await run('audit', 'verify', '--json')).stdout);
      await until('all is chained', async () => (await whole()).pending === 0);
      for (let turn = 0; turn < 2; turn += 1) {
        await done('keys', 'create', '--name', `more ${turn}`, '--scopes', 'admin');
        await until('it is chained', async () => (await whole()).pending === 0);
      }
      expect(await coordinator.stop()).to.equal(0);
      coordinator = null;
      const { head: last, links: count } = await whole();
      head = `${last.number}:${last.hash}`;
      links = count;
    });

    /** What is found in a copy of the database after its owner did this to it. */
    async function foundAfter(sql: string, ...args: string[]): Promise<CommandRun> {
      const name = `copy_${made.length}`;
      made.push(name);
      await query(postgres.url.replace(/(\/\/[^/?]*\/)[^?]*/, '$1template1'), `CREATE DATABASE ${name} TEMPLATE postgres`);
      const url = postgres.url.replace(/(\/\/[^/?]*\/)[^?]*/, `$1${name}`);
      await query(url, sql);
      return holdfast(['audit', 'verify', ...args], { env: { DATABASE_URL: url } });
    }

    it('which is whole, and tell its head, from which on a later check goes', async () => {
      const { end, stdout } = await foundAfter('SELECT');
      expect(links).to.be.at.least(3);
      expect([end, stdout]).to.deep.equal([
        0,
        `The audit is whole: 6 entries in ${links} links; 0 not yet in one.\nHead: ${head}\n`,
      ]);
      expect((await run('audit', 'verify', '--since', head)).end).to.equal(0);
    });

    it('and find what was changed, removed or slipped in, and where', async () => {
      const entries = 'holdfast.audit_entry';
      const cases: readonly (readonly [string, RegExp])[] = [
        [`UPDATE ${entries} SET actor_name = 'somebody else' WHERE id = 2`, /link \d+, or one of its entries, was changed/],
        [`UPDATE ${entries} SET note = '' WHERE id = 2`, /was changed/],
        [`UPDATE ${entries} SET at = at + interval '1 millisecond' WHERE id = 2`, /was changed/],
        [`UPDATE ${entries} SET detail = detail || ' ' WHERE id = 2`, /was changed/],
        [`DELETE FROM ${entries} WHERE id = 3`, /entry 3 of link \d+ is missing/],
        [
          `INSERT INTO ${entries} (at, act, subject, actor_kind, actor_id, actor_name, address, detail)
           VALUES (now(), 'key.create', 'x', 'key', '', '', '', '{}')`,
          /entry \d+ is in no link and does not wait for one/,
        ],
        [
          `UPDATE holdfast.audit_link SET at = at - interval '1 day' WHERE number = 2`,
          /link 2, or one of its entries, was changed/,
        ],
        ['DELETE FROM holdfast.audit_link WHERE number = 2', /link 2 is missing/],
        ['DELETE FROM holdfast.audit_link WHERE number = 1', /link 1 is missing/],
        [
          'UPDATE holdfast.audit_link SET entry_ids = entry_ids[2:] WHERE number = 1 AND cardinality(entry_ids) > 1',
          /was changed/,
        ],
        [`INSERT INTO holdfast.audit_pending VALUES (999)`, /entry 999, which waits for a link, is missing/],
        ['TRUNCATE holdfast.audit_link', /entry 1 is in no link/],
      ];
      for (const [sql, said] of cases) {
        const { end, stdout } = await foundAfter(sql);
        expect(end, sql).to.equal(1);
        expect(stdout, sql)
          .to.match(/^The audit is not whole:\n/)
          .and.to.match(said);
      }
    });

    it('and find by a head that was noted that the end was cut off, or all of it made anew', async () => {
      const cut = `DELETE FROM holdfast.audit_entry WHERE id = ANY (SELECT unnest(entry_ids) FROM holdfast.audit_link WHERE number = ${links});
                   DELETE FROM holdfast.audit_link WHERE number = ${links}`;
      // Nothing within shows it.
      expect((await foundAfter(cut)).end).to.equal(0);
      const found = await foundAfter(cut, '--since', head);
      expect([found.end, found.stdout]).to.deep.equal([
        1,
        `The audit is not whole:\n  link ${links}, which was noted, is not there: the end of the chain was cut off\n`,
      ]);
      const other = await run('audit', 'verify', '--since', `${links}:${'0'.repeat(64)}`, '--json');
      expect([other.end, JSON.parse(other.stdout).faults]).to.deep.equal([1, [`link ${links} is not the one that was noted`]]);
    });
  });
});
