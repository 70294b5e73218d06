// Owns the proof of the proof: each sabotage fits the source as it is, the broken copy runs and has its bug, and the source has not.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';
import { type CoordinatorProcess, coordinatorProcess } from '../../chaos/cluster/coordinator-process.ts';
import { fixedPort } from '../../chaos/cluster/fixed-port.ts';
import { FAULT_KINDS } from '../../chaos/faults/plan.ts';
import { makeBrokenCopy } from '../../chaos/sabotage/broken-copy.ts';
import { SABOTAGES, type SabotageName } from '../../chaos/sabotage/catalogue.ts';
import { catchesOf, isProven, type ProofResult, proofLine, proofTable } from '../../chaos/sabotage/proof.ts';
import { atTheEnd } from '../support/end.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NAMES = Object.keys(SABOTAGES) as SabotageName[];

interface Coordinator {
  readonly process: CoordinatorProcess;
  readonly databaseUrl: string;
  ask(method: string, path: string, json?: unknown, waitSeconds?: number): Promise<{ status: number; body: Body }>;
}

interface Body {
  readonly id: string;
  readonly state: string;
  readonly available: number;
  readonly reserved: number;
}

describe('the sabotages', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let payment: ParticipantServer;
  let folder: string;
  let sound: Coordinator;

  before(async () => {
    folder = await makeFolderForTheRun();
    // What is not flushed by a commit stays in memory for so long.
    [postgres, redis] = await Promise.all([startPostgres({ wal_writer_delay: '10s' }), startRedis()]);
    payment = await startParticipant();
    sound = await start('sound', ROOT);
  });

  for (const name of NAMES) {
    it(`${name}: ${SABOTAGES[name].breaks}`, async () => {
      const tree = await makeBrokenCopy(name, join(folder, name));
      const broken = await start(name.replaceAll('-', '_'), tree);
      // Its commits would make durable, on the same server, what the broken one's do not.
      sound.process.pause();
      expect(await HAS_BUG[name](broken), `the broken copy printed:\n${broken.process.output()}`).to.equal(true);
      await broken.process.kill();
      sound.process.resume();
      expect(await HAS_BUG[name](sound), `the sound one printed:\n${sound.process.output()}`).to.equal(false);
    });
  }

  it('are told of no faults and no checks that do not exist', () => {
    const faults = new Set(FAULT_KINDS.map(({ name }) => name));
    for (const name of NAMES) {
      expect(
        SABOTAGES[name].faults.filter((fault) => !faults.has(fault)),
        name,
      ).to.deep.equal([]);
      expect(SABOTAGES[name].faults, name).not.to.be.empty;
      for (const id of SABOTAGES[name].expectedBy) expect(id, name).to.match(/^(I([1-9]|1[0-2])|per-SKU model|liveness)$/);
    }
  });

  it('no longer fit a source from which what they replace has gone', async () => {
    const source = await makeBrokenCopy('early-ack', join(folder, 'source'));
    const refusal = await makeBrokenCopy('early-ack', join(folder, 'misfit'), source).then(String, String);
    expect(refusal).to.match(/The sabotage early-ack no longer fits the code: sql\/session\.sql has nowhere/);
  });

  it('have no hook in what runs in production', async () => {
    for (const part of ['src', 'workflows', 'sql', 'scripts']) {
      const entries = await readdir(join(ROOT, part), { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      expect(files, part).not.to.be.empty;
      for (const file of files) expect(await readFile(file, 'utf8'), file).not.to.match(/sabotage|chaos/i);
    }
  });

  /** @param database of its own */
  async function start(database: string, tree: string): Promise<Coordinator> {
    await query(postgres.url, `CREATE DATABASE ${database}`);
    const place = new URL(postgres.url);
    place.pathname = `/${database}`;
    const dataFolder = join(folder, `data-${database}`);
    await mkdir(dataFolder);
    const port = await fixedPort();
    const { PATH = '', HOME = '' } = process.env;
    const environment = { PATH, HOME, HOST: '127.0.0.1', PORT: String(port), HOLDFAST_DATA_DIR: dataFolder, LOG_LEVEL: 'warn' };
    const addresses = { DATABASE_URL: place.href, REDIS_URL: redis.url, HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.0/8' };
    const child = coordinatorProcess(tree, port, { ...environment, ...addresses });
    atTheEnd(async () => {
      child.resume();
      await child.kill();
    });
    await child.start();
    const ask = askerAt(port);
    await ask('PUT', '/v1/stock/LAMP', { available: 100 });
    await ask('PUT', '/v1/participants/payment', { url: payment.url });
    return { process: child, databaseUrl: place.href, ask };
  }

  async function isToldWithin(id: string, withinMs: number): Promise<boolean> {
    const deadline = performance.now() + withinMs;
    while (payment.callsOf('confirm', id).length === 0 && performance.now() < deadline) await delay(20);
    return payment.callsOf('confirm', id).length > 0;
  }

  /** By name: whether the bug is there, as somebody sees who only asks. */
  const HAS_BUG: Readonly<Record<SabotageName, (coordinator: Coordinator) => Promise<boolean>>> = {
    'early-ack': async ({ ask, databaseUrl }) => {
      // A commit of our own makes all that came before it durable; it is the last Try that is in question.
      await query(databaseUrl, 'CREATE TABLE flush ()');
      const { body, status } = await ask('POST', '/v1/transactions', basket(1));
      expect(status).to.equal(201);
      await postgres.restart();
      const known = await query(databaseUrl, 'SELECT FROM holdfast.transaction WHERE id = $1', [body.id]);
      return known.length === 0;
    },
    'no-cas': async ({ ask }) => {
      const { body } = await ask('POST', '/v1/transactions', basket(1));
      expect((await ask('POST', `/v1/transactions/${body.id}/confirm`)).status).to.equal(200);
      return (await ask('POST', `/v1/transactions/${body.id}/cancel`)).body.state === 'CANCELLED';
    },
    'no-fence': async ({ ask, process: { pause, resume }, databaseUrl }) => {
      pause();
      await query(databaseUrl, 'SELECT holdfast.end_leases(id) FROM holdfast.coordinator');
      // Its renewal is overdue when it wakes up, as after any real pause.
      await delay(1_300);
      resume();
      return (await ask('POST', '/v1/transactions', { branches: [{ participant: 'payment' }] }, 3)).body.state !== 'TRIED';
    },
    'no-idempotency': async ({ ask }) => {
      const before = (await ask('GET', '/v1/stock/LAMP')).body.reserved;
      const request = { ...basket(3), id: crypto.randomUUID() };
      for (let times = 0; times < 2; times += 1)
        expect((await ask('POST', '/v1/transactions', request)).status).to.be.oneOf([200, 201]);
      return (await ask('GET', '/v1/stock/LAMP')).body.reserved - before !== 3;
    },
    'process-clock': async ({ ask }) => {
      const { body } = await ask('POST', '/v1/transactions', { ...basket(1), timeoutMs: 100 });
      await delay(200);
      return (await ask('POST', `/v1/transactions/${body.id}/confirm`)).status === 200;
    },
    'phase-two-first': async ({ ask, databaseUrl }) => {
      const { body } = await ask('POST', '/v1/transactions', { branches: [{ participant: 'payment' }] }, 10);
      expect(body.state).to.equal('TRIED');
      // Whoever wants to record a decision about its branch has to wait for us.
      const rival = await connect(databaseUrl);
      await rival.query('BEGIN');
      await rival.query('SELECT FROM holdfast.branch WHERE transaction_id = $1 FOR UPDATE', [body.id]);
      const confirmed = ask('POST', `/v1/transactions/${body.id}/confirm`, undefined, 10);
      const isToldBefore = await isToldWithin(body.id, 1_500);
      await rival.query('COMMIT');
      await rival.end();
      expect((await confirmed).body.state).to.equal('CONFIRMED');
      return isToldBefore;
    },
    'double-release': async ({ ask }) => {
      const [cancelled] = [await ask('POST', '/v1/transactions', basket(2)), await ask('POST', '/v1/transactions', basket(2))];
      const before = (await ask('GET', '/v1/stock/LAMP')).body.available;
      for (let times = 0; times < 2; times += 1)
        expect((await ask('POST', `/v1/transactions/${cancelled.body.id}/cancel`)).status).to.equal(200);
      return (await ask('GET', '/v1/stock/LAMP')).body.available - before !== 2;
    },
  };
});

describe('the proof by a sabotage', () => {
  const result: ProofResult = {
    sabotage: 'no-cas',
    seed: 7,
    durationMs: 45_000,
    operations: 9_000,
    verdict: 'broken',
    caughtBy: [],
  };
  const finding = (id: string, violations: number, afterOperations: number | null) =>
    ({ id, title: '', examined: 10, violations, detail: '', examples: [], afterOperations }) as const;
  const proofBy = (...findings: Parameters<typeof catchesOf>[1]): ProofResult => ({
    ...result,
    caughtBy: catchesOf('no-cas', findings),
  });

  it('stands only where a check that looks for the bug has found it', () => {
    expect(isProven(proofBy(finding('I5', 2, 40)))).to.equal(true);
    expect(isProven(proofBy(finding('I5', 0, null)))).to.equal(false);
    expect(isProven(proofBy(finding('I12', 3, 12)))).to.equal(false);
    expect(isProven({ ...proofBy(finding('I5', 2, 40)), verdict: 'held' })).to.equal(false);
  });

  it('is told as soon as its run is over', () => {
    expect(proofLine(proofBy(finding('I12', 3, null), finding('I5', 2, 40)))).to.equal(
      'no-cas, seed 7: caught; found by I5 (2, the first after 40 operations), I12 (3)',
    );
    expect(proofLine(result)).to.equal('no-cas, seed 7: NOT caught; nobody found anything');
  });

  it('is told in one line for each sabotage, the expected check first', () => {
    const both = proofBy(finding('I3', 1, 20), finding('I5', 2, 40), finding('I7', 0, null));
    const [, , line] = proofTable([both, { ...proofBy(finding('I5', 2, null)), seed: 8 }, { ...proofBy(), seed: 9 }]).split('\n');
    expect(line).to.equal(
      `| \`no-cas\` | ${SABOTAGES['no-cas'].breaks} | I5 (2 of 3), I3 (1 of 3) | 40 (seed 7), at the end, 9000 (seed 8), **not caught** (seed 9) |`,
    );
  });
});

function basket(quantity: number) {
  return { items: [{ sku: 'LAMP', quantity }] };
}

function askerAt(port: number): Coordinator['ask'] {
  return async (method, path, json, waitSeconds) => {
    const headers = {
      'content-type': 'application/json',
      ...(waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }),
    };
    const body = json === undefined ? {} : { body: JSON.stringify(json) };
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...body });
    return { status: response.status, body: (await response.json()) as Body };
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function query(url: string, text: string, values: readonly unknown[] = []): Promise<readonly unknown[]> {
  const client = await connect(url);
  try {
    return (await client.query(text, [...values])).rows;
  } finally {
    await client.end();
  }
}
