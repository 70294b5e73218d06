// That the example does what it says: `npm run example` tells its four stories, each checked by itself, and leaves nothing
// behind, neither at its end nor where Ctrl-C ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { delimiter } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { atTheEnd } from '../support/end.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { childrenOf, livingAmong } from '../support/process-tree.ts';
import { answer, refuse, ScriptedServer } from '../support/scripted-server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STORIES: readonly (readonly [string, readonly string[]])[] = [
  ['1. An order that goes through', ['201 CONFIRMED', 'TRYING → TRIED → CONFIRMING → CONFIRMED', '✔ two are sold']],
  ['2. An order of more than there is', ['409 out-of-stock', 'was not asked', '✔ nothing is held']],
  ['3. An order whose payment is refused', ['402 payment-refused', 'card-declined', '✔ what was held of the stock is released']],
  ['4. The payment service is killed', ['202 CONFIRMING', 'confirm 1 failed', '✔ two are sold and 37.80 is charged, once']],
];

const MOMENTS: readonly { readonly moment: string; isThere(run: Run): boolean }[] = [
  { moment: 'at its first word', isThere: ({ output }) => output().includes('Starting') },
  { moment: 'while its databases are made', isThere: ({ seen }) => seen.size > 1 },
  { moment: 'in its first story', isThere: ({ output }) => output().includes('1. An order') },
];

interface Run {
  readonly child: ChildProcess;
  /** The processes it started, and those that they started, as far as they were seen. */
  readonly seen: ReadonlySet<number>;
  readonly folder: string;
  output(): string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

describe('the example', function () {
  this.timeout(90_000);

  it('tells its four stories, and leaves nothing behind', async () => {
    const run = await start();
    const code = await run.ended;
    const output = run.output();
    expect(code, output).to.equal(0);
    const chapters = output.split(/\n\n/).map((chapter) => chapter.replace(/ +/g, ' '));
    for (const [title, lines] of STORIES) {
      const chapter = chapters.find((one) => one.startsWith(title));
      expect(chapter, `${title} in\n${output}`).to.be.a('string');
      for (const line of lines) expect(chapter).to.contain(line);
    }
    expect(run.seen.size, 'processes that were seen').to.be.greaterThan(4);
    await expectNothingLeft(run);
  });

  for (const { moment, isThere } of MOMENTS) {
    it(`cleans up where it is interrupted ${moment}`, async () => {
      const run = await start();
      while (!isThere(run) && run.child.exitCode === null) await delay(20);
      // Twice, as people do.
      run.child.kill('SIGINT');
      await delay(300);
      run.child.kill('SIGINT');
      expect(await run.ended, run.output()).to.equal(130);
      await expectNothingLeft(run);
    });
  }
});

describe('the order service of the example', () => {
  const coordinator = ScriptedServer.forSuite();
  let service: ChildProcess;
  let url: string;

  before(async () => {
    service = spawn(process.execPath, ['--conditions=holdfast-source', `${ROOT}examples/checkout/order-service.ts`], {
      env: { HOLDFAST_URL: coordinator.url, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    atTheEnd(async () => void service.kill('SIGKILL'));
    const [line] = (await once(service.stdout ?? service, 'data')) as [Buffer];
    url = `${/http:[^\s]+/.exec(line.toString('utf8'))?.[0]}/orders`;
  });
  after(async () => {
    service.kill('SIGTERM');
    if (service.exitCode === null) await once(service, 'exit');
  });

  it('knows no order by a name that is no id, whatever path it would be', async () => {
    for (const id of ['%2e%2e', '.%2e', 'x', '%20']) {
      const { status, body } = await get(`${url}/${id}`);
      expect(`${status} ${body}`, id).to.include('404').and.include('unknown-transaction');
    }
    expect(coordinator.seen).to.have.length(0);
  });

  it('answers 409 where the order was decided otherwise meanwhile', async () => {
    coordinator.script(
      (response, seen) => answer(201, { id: seen.json.id, state: 'TRIED' })(response, seen),
      refuse(409, 'invalid-transition', { state: 'CANCELLED' }),
    );
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ sku: 'COFFEE', quantity: 1, card: 'card-of-ada' }),
    });
    expect(response.status).to.equal(409);
    expect(await response.json()).to.include({ reason: 'released' });
  });

  /** fetch would make another path of two dots. */
  function get(target: string): Promise<{ status: number | undefined; body: string }> {
    const { hostname, port } = new URL(target);
    const path = target.slice(target.indexOf('/orders'));
    return new Promise((resolve, reject) => {
      request({ hostname, port, path }, (response) => {
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject);
      })
        .on('error', reject)
        .end();
    });
  }
});

/** As npm runs it, with a temporary folder of its own, so that whatever stays there can be seen. */
async function start(): Promise<Run> {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { scripts: { example: string } };
  const folder = await makeFolderForTheRun();
  const PATH = `${ROOT}node_modules/.bin${delimiter}${process.env.PATH}`;
  const child = spawn('sh', ['-c', scripts.example], {
    cwd: ROOT,
    // What the user has set for a coordinator of theirs is none of the example's business.
    env: { PATH, HOME: process.env.HOME, TMPDIR: folder, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', HOLDFAST_X: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const seen = new Set<number>();
  const looking = setInterval(() => note(child.pid ?? 0, seen), 200);
  void ended.finally(() => clearInterval(looking));
  atTheEnd(async () => {
    child.kill('SIGTERM');
    await ended;
  });
  return { child, seen, folder, ended, output: () => output };
}

/** Two generations: the services, and the servers of the coordinator. What those start ends with them. */
function note(pid: number, seen: Set<number>): void {
  for (const child of childrenOf(pid)) {
    seen.add(child);
    for (const grandchild of childrenOf(child)) seen.add(grandchild);
  }
}

async function expectNothingLeft({ seen, folder, output }: Run): Promise<void> {
  expect(readdirSync(folder)).to.deep.equal([]);
  expect(livingAmong([...seen]), output()).to.deep.equal([]);
}
