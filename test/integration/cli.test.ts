// Owns the tests of the client commands over a real coordinator: stock and inspect, and every exit code a script may see.
import { join } from 'node:path';
import { expect } from 'chai';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type CommandOptions, type CommandRun, holdfast, holdfastOnTerminal } from '../support/holdfast-command.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const NEVER_SEEN = '0193b0a4-7c1e-7d00-8000-00000000000f';
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

describe('holdfast on the command line', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;

  before(async () => {
    postgres = await startPostgres();
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
  });
  after(async () => {
    await coordinator.stop();
    await postgres.stop();
  });

  const run = (args: readonly string[], options: CommandOptions = {}): Promise<CommandRun> =>
    holdfast(args, { ...options, env: { HOLDFAST_URL: coordinator.url, ...options.env } });
  const onTerminal = (args: readonly string[], env: Record<string, string> = {}): Promise<CommandRun> =>
    holdfastOnTerminal(args, { env: { HOLDFAST_URL: coordinator.url, ...env } });
  const post = async (path: string, json: unknown = {}): Promise<Record<string, unknown>> =>
    (await (await coordinator.request(path, { json })).json()) as Record<string, unknown>;

  describe('stock', () => {
    before(async () => {
      await post('/v1/stock/movements', { sku: 'A/B', kind: 'RECEIVE', quantity: 1_000_000 });
      await post('/v1/stock/movements', { sku: 'A/B', warehouse: 'north', kind: 'RECEIVE', quantity: 8 });
      const reason = 'broken \u001b[2J\u202e';
      await post('/v1/stock/movements', { sku: 'A/B', warehouse: 'north', kind: 'WRITE_OFF', quantity: 3, reason });
    });

    it('aligns the counters per warehouse', async () => {
      const { end, stdout } = await run(['stock', 'A/B']);
      expect(end).to.equal(0);
      expect(stdout.split('\n')).to.deep.equal([
        'A/B',
        '',
        '  WAREHOUSE  AVAILABLE  RESERVED  DEDUCTED',
        '  default    1,000,000         0         0',
        '  north              5         0         0',
        '  in all     1,000,005         0         0',
        '',
      ]);
    });

    it('tells the newest lines of its story, with what could control the terminal escaped', async () => {
      const { stdout } = await run(['stock', 'A/B', '--history', '--limit', '2']);
      expect(stdout)
        .to.match(/ north +WRITE_OFF +−3 .*broken \\u001b\[2J\\u202e\n/)
        .and.to.match(/ north +RECEIVE +\+8 /);
      expect(stdout).to.include('--limit shows more').and.not.to.match(CONTROLS);
    });

    it('prints JSON, of one warehouse, and with the story', async () => {
      const whole = JSON.parse((await run(['stock', 'A/B', '--json'])).stdout);
      expect(whole).to.deep.equal(await (await coordinator.request('/v1/stock/A%2FB')).json());
      const north = JSON.parse((await run(['stock', 'A/B', '--json', '--warehouse', 'north'])).stdout);
      expect(north).to.deep.include({ sku: 'A/B', available: 5, warehouses: [whole.warehouses[1]] });
      const { stdout } = await run(['stock', 'A/B', '--json', '--history', '--warehouse', 'north']);
      expect(stdout).not.to.match(CONTROLS);
      expect(JSON.parse(stdout).history.map((line: { reason: string | null }) => line.reason)).to.deep.equal([
        'broken \u001b[2J\u202e',
        null,
      ]);
    });
  });

  describe('inspect', () => {
    it('tells a person what became of a transaction', async () => {
      await post('/v1/stock/movements', { sku: 'INS', kind: 'RECEIVE', quantity: 10 });
      const metadata = { shop: 'a\u009bb' };
      const { id } = await post('/v1/transactions', {
        items: [{ sku: 'INS', quantity: 3 }],
        reference: 'order\u001b]0;x\u0007-1',
        metadata,
      });
      const held = (await run(['inspect', String(id)])).stdout;
      expect(held)
        .to.match(/State +TRIED: its stock is held/)
        .and.to.match(/Deadline +20.* UTC, 1[45] min.* left\n/);
      expect(held).to.include('order\\u001b]0;x\\u0007-1').and.to.include('{"shop":"a\\u009bb"}').and.not.to.match(CONTROLS);
      await post(`/v1/transactions/${id}/cancel`, { reason: 'changed\nmind' });
      const { end, stdout } = await run(['inspect', String(id)]);
      expect(end).to.equal(0);
      expect(stdout)
        .to.match(/State +CANCELLED, requested: somebody asked for it\n/)
        .and.to.match(/Note +changed\\nmind\n/);
      expect(stdout)
        .to.match(/Since .* UTC, (just now|\d+(\.\d)? s ago)\n/)
        .and.to.match(/ INS +default +AVAILABLE +3 +0 +0\n/);
      expect(stdout)
        .to.match(/ TRY +TRIED\n/)
        .and.to.match(/ CANCEL +TRIED → CANCELLED/);
      const json = (await run(['inspect', String(id), '--json'])).stdout;
      expect(JSON.parse(json)).to.deep.equal(await (await coordinator.request(`/v1/transactions/${id}`)).json());
      expect(json).not.to.match(CONTROLS);
    });

    it('tells of sales in part and of refunds', async () => {
      const { id } = await post('/v1/transactions', { items: [{ sku: 'INS', quantity: 3 }] });
      await post(`/v1/transactions/${id}/confirm`, { items: [{ sku: 'INS', quantity: 2 }] });
      await post(`/v1/transactions/${id}/refund`, { id: NEVER_SEEN, items: [{ sku: 'INS', quantity: 1 }] });
      const { stdout } = await run(['inspect', String(id)]);
      expect(stdout)
        .to.include('CONFIRMED: sold in part, the rest released; refunded in part since')
        .and.to.include('1 × INS in default');
    });

    it('uses colours on a terminal, and none with NO_COLOR or in a pipe', async () => {
      const { id } = await post('/v1/transactions', { items: [{ sku: 'INS', quantity: 1 }] });
      expect((await onTerminal(['inspect', String(id)])).stdout).to.include('\u001b[33mTRIED\u001b[39m');
      expect((await onTerminal(['inspect', String(id)], { NO_COLOR: '1' })).stdout).not.to.include('\u001b');
      expect((await run(['inspect', String(id)], { env: { FORCE_COLOR: '1' } })).stdout).not.to.include('\u001b');
    });
  });

  describe('exit codes', () => {
    const missing = join('no', 'such.csv');
    for (const { args, end, says } of [
      { args: ['stock', 'NEVER'], end: 3, says: /^holdfast: NEVER was never stocked\. \[unknown-sku\]\n$/ },
      { args: ['stock', 'NEVER', '--history'], end: 3, says: /\[unknown-sku\]\n$/ },
      { args: ['stock', 'INS', '--warehouse', 'mars'], end: 3, says: /\[unknown-sku\]\n$/ },
      { args: ['inspect', NEVER_SEEN], end: 3, says: /\[unknown-transaction\]\n$/ },
      { args: ['inspect', 'not-an-id'], end: 2, says: /must be a UUID \[invalid-request\]\n$/ },
      { args: ['inspect', ''], end: 2, says: /must not be empty/ },
      { args: ['stock', '..'], end: 2, says: /\[invalid-request\]\n$/ },
      { args: ['stock', ''], end: 2, says: /must not be empty/ },
      { args: ['stock', '\u001b[31m'], end: 2, says: /\[invalid-request\]\n$/ },
      { args: ['import', missing], end: 1, says: /^holdfast: no\/such\.csv cannot be read: there is no such file\.\n$/ },
      { args: ['import', '/', '--format', 'csv'], end: 1, says: /cannot be read: it is a folder\.\n$/ },
      { args: ['import', 'stock.txt'], end: 2, says: /add --format csv or --format ndjson/ },
      { args: ['import', '-'], end: 2, says: /add --format csv or --format ndjson/ },
      { args: ['stock', 'A', '--url', 'http://127.0.0.1:1'], end: 5, says: /cannot be reached: nothing listens there/ },
      { args: ['import', '-', '--format', 'csv', '--url', 'http://127.0.0.1:1'], end: 5, says: /cannot be reached/ },
      { args: ['stock', 'A', '--url', ''], end: 2, says: /--url must be a URL/ },
      { args: ['stock', 'A', '--url', 'http://me:secret@127.0.0.1'], end: 2, says: /^(?!.*secret)holdfast: --url must be/ },
    ]) {
      it(`${end} from holdfast ${JSON.stringify(args.join(' '))}`, async () => {
        const result = await run(args);
        expect(result).to.include({ end, stdout: '' });
        expect(result.stderr).to.match(says).and.not.to.match(CONTROLS);
      });
    }

    it('5 while the coordinator’s database is away', async () => {
      await postgres.kill();
      for (const args of [
        ['stock', 'INS'],
        ['inspect', NEVER_SEEN],
      ]) {
        const { end, stderr } = await run(args);
        expect(end).to.equal(5);
        expect(stderr).to.match(/^holdfast: .* \[database-unavailable\]\n$/);
      }
      await postgres.restart();
    });
  });
});
