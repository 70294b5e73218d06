// Owns the tests of `holdfast import` over a real coordinator: good rows and bad ones, pipes, and the bar on a terminal.
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { makeFolder } from '../support/folder.ts';
import { type CommandOptions, type CommandRun, holdfast, holdfastOnTerminal } from '../support/holdfast-command.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

describe('holdfast import', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let folder: string;

  before(async () => {
    folder = await makeFolder();
    postgres = await startPostgres();
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
  });
  after(async () => {
    await coordinator.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const run = (args: readonly string[], options: CommandOptions = {}): Promise<CommandRun> =>
    holdfast(args, { ...options, env: { HOLDFAST_URL: coordinator.url, ...options.env } });
  const onTerminal = (args: readonly string[], typed = ''): Promise<CommandRun> =>
    holdfastOnTerminal(args, { env: { HOLDFAST_URL: coordinator.url } }, typed);
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };

  it('loads CSV and says how many rows landed', async () => {
    const path = await file('good.csv', 'sku,warehouse,available\nCSV-1,default,1200\nCSV-1,north,5\n');
    const { end, stdout, stderr } = await run(['import', path]);
    expect({ end, stdout, stderr }).to.deep.equal({ end: 0, stdout: `${path}: 2 rows accepted, 0 rejected.\n`, stderr: '' });
  });

  it('names each rejected row by its line, lands the others, and ends with 4', async () => {
    const path = await file('bad.csv', 'sku,available\nBAD-1,1\nBAD-2,many\nBAD-3,3,3\nBAD-4,4\n');
    const { end, stdout } = await run(['import', path]);
    expect(end).to.equal(4);
    expect(stdout).to.match(/2 rows accepted, 2 rejected\.\n\n {2}LINE {2}CODE/);
    expect(stdout).to.match(/^ {5}3 {2}invalid-request {2}available: must be a whole number/m);
    expect(stdout).to.match(/^ {5}4 {2}invalid-request {2}line: has 3 fields/m);
    expect((await run(['stock', 'BAD-4'])).end).to.equal(0);
  });

  it('reads NDJSON from stdin and prints JSON', async () => {
    const stdin = '{"sku":"ND-1","onHand":7}\n{"sku":"ND-2"}\n';
    const { end, stdout } = await run(['import', '-', '--format', 'ndjson', '--json'], { stdin });
    expect(end).to.equal(4);
    expect(JSON.parse(stdout)).to.deep.include({ accepted: 1, rejected: 1 });
    expect(JSON.parse(stdout).errors[0]).to.include({ line: 2, code: 'invalid-request' });
  });

  it('says that more rows were rejected than are named', async () => {
    const rows = Array.from({ length: 1_500 }, (_, index) => `MANY-${index},x`);
    const { stdout } = await run(['import', await file('many.csv', `sku,available\n${rows.join('\n')}\n`)]);
    expect(stdout).to.include('1,500 rejected').and.to.include('… and 500 more rejected rows, not named.');
  });

  it('passes the coordinator’s refusal of the whole file on', async () => {
    const { end, stdout, stderr } = await run(['import', await file('header.csv', 'what,how many\nX,1\n'.repeat(100_000))]);
    expect({ end, stdout }).to.deep.equal({ end: 1, stdout: '' });
    expect(stderr).to.match(/^holdfast: header line: must be sku,warehouse,available .* \[invalid-request\]\n$/);
  });

  it('shows bytes on a terminal, takes the bar away, and then prints the summary whole', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `BAR-${index % 500},${index}`);
    const path = await file('bar.csv', `sku,available\n${rows.join('\n')}\n`);
    const { end, stdout } = await onTerminal(['import', path]);
    expect(end).to.equal(0);
    expect(stdout)
      .to.match(/\[-{40}\] 0 % \| 0 B of \d+\.\d KiB/)
      .and.to.match(/\[=+-*\] \d+ % \| \d+\.\d KiB of/);
    expect(stdout.slice(stdout.lastIndexOf('\u001b[2K') + 4)).to.equal(`${path}: 20,000 rows accepted, 0 rejected.\r\n`);
  });

  it('ends at Ctrl-C and leaves the terminal as it was', async () => {
    const rows = Array.from({ length: 300_000 }, (_, index) => `STOP-${index % 500},${index}`);
    const path = await file('stop.csv', `sku,available\n${rows.join('\n')}\n`);
    const { end, stdout } = await onTerminal(['import', path], '\u0003');
    expect(end).to.equal(130);
    // Lines wrap again, and there is no summary.
    expect(stdout).to.include('\u001b[?7h').and.not.to.include('accepted');
  });
});
