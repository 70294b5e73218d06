// Owns the proof of the cluster: real processes, each link by itself, clocks that can be wrong, and an end that leaves nothing.
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { startCluster } from '../../chaos/cluster/cluster.ts';
import type { Cluster, CoordinatorPort, ParticipantPort } from '../../chaos/cluster/ports.ts';
import type { CallRecord } from '../../chaos/record.ts';
import { processesIn } from '../../src/embedded/leftovers.ts';

const TREE = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

interface Transaction {
  readonly id: string;
  readonly state: string;
  readonly branches: readonly { readonly id: string }[];
}

describe('the cluster of a run of chaos', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let first: CoordinatorPort;
  let second: CoordinatorPort;
  let payment: ParticipantPort;
  const calls: CallRecord[] = [];

  before(async () => {
    cluster = await startCluster({
      instances: 2,
      participants: ['payment'],
      withClocks: true,
      withSmallDisk: true,
      tree: TREE,
      environment: {},
    });
    [first, second] = cluster.coordinators as [CoordinatorPort, CoordinatorPort];
    [payment] = cluster.participants as [ParticipantPort];
    const stocked = await ask(first, 'PUT', '/v1/stock/LAMP', { available: 1_000 });
    expect(stocked.status).to.equal(200);
  });

  after(() => cluster?.stop());

  it('carries a transaction with a branch, and the participant saw what was recorded', async () => {
    const { id } = await reserve(second);
    const confirmed = await ask(first, 'POST', `/v1/transactions/${id}/confirm`, undefined, 10);
    expect([confirmed.status, confirmed.body.state]).to.deep.equal([200, 'CONFIRMED']);
    const made = await callsOf(id, 2);
    expect(made.map(({ phase, status, seen }) => ({ phase, status, seen }))).to.deep.equal([
      { phase: 'try', status: 200, seen: { transactionState: 'TRYING', branchIsRecorded: true } },
      { phase: 'confirm', status: 200, seen: { transactionState: 'CONFIRMING', branchIsRecorded: true } },
    ]);
    for (const { receivedMs, answeredMs } of made) expect(answeredMs).to.be.at.least(receivedMs);
  });

  it("tells one coordinator's link to a participant from another's", async function () {
    if (process.platform !== 'linux') this.skip();
    const link = first.toParticipants.get('payment');
    link?.trouble({ kind: 'cut' });
    const [cutOff, other] = await Promise.all([tryAt(first, 1), reserve(second)]);
    expect([cutOff.status, cutOff.body.state, other.state]).to.deep.equal([202, 'TRYING', 'TRIED']);
    link?.trouble(null);
    await eventually(async () => (await ask(first, 'GET', `/v1/transactions/${cutOff.body.id}`)).body.state !== 'TRYING');
  });

  it('has participants that misbehave, and are what they were afterwards', async () => {
    const told: Record<string, number | null> = {};
    for (const mode of ['500', 'half', 'garbage', 'hang', 'down'] as const) {
      await payment.behave(mode);
      const { body } = await tryAt(first, 1);
      expect(body.state, mode).to.equal('TRYING');
      await payment.behave('ok');
      // Whatever became of the earlier ones, the Try that is answered at last settles it.
      await eventually(async () => (await ask(first, 'GET', `/v1/transactions/${body.id}`)).body.state !== 'TRYING');
      told[mode] = (await callsOf(body.id, 1))[0]?.status ?? null;
    }
    expect(told).to.deep.equal({ 500: 500, half: null, garbage: null, hang: null, down: 200 });
  });

  it('starts a killed coordinator again on its port', async () => {
    await first.kill();
    expect([first.pid(), first.memory()]).to.deep.equal([null, null]);
    await first.start();
    expect(first.memory()).to.be.greaterThan(1_000_000);
    expect((await reserve(first)).state).to.equal('TRIED');
  });

  it('takes every connection from the coordinators, and gives them back', async () => {
    const giveBack = await cluster.postgres.exhaustConnections();
    const refused = await ask(second, 'PUT', '/v1/stock/LAMP', { available: 1_000 }).finally(giveBack);
    expect([refused.status, refused.body.code]).to.deep.equal([503, 'database-unavailable']);
    expect((await reserve(second)).state).to.equal('TRIED');
  });

  it('fills the disk, and empties it', async function () {
    const { fillDisk } = cluster.postgres;
    expect(fillDisk === null).to.equal(cluster.noDiskWhy !== null);
    if (fillDisk === null) return this.skip();
    const empty = await fillDisk();
    await empty();
    await eventually(async () => (await ask(second, 'PUT', '/v1/stock/LAMP', { available: 1_000 })).status === 200);
  });

  it('lets Redis forget, and remember what was long ago', async () => {
    await cluster.redis.takeSnapshot();
    await cluster.redis.flush();
    await cluster.redis.rollBack();
    await cluster.redis.restartEmpty();
    expect((await reserve(first)).state).to.equal('TRIED');
  });

  it('sets a clock wrong while the process runs, and right again', async function () {
    if (!cluster.clocks.canBeSet) return this.skip();
    const offByMs = async (): Promise<number> => {
      const response = await fetch(new URL('/livez', second.url));
      await response.body?.cancel();
      return Date.parse(response.headers.get('date') ?? '') - Date.now();
    };
    await second.setClock(-3_600_000);
    // The header has seconds, and Node renews it once a second: what it says may be from before.
    await eventually(async () => Math.abs((await offByMs()) + 3_600_000) < 4_000);
    expect((await reserve(second)).state).to.equal('TRIED');
    await second.setClock(0);
    await eventually(async () => Math.abs(await offByMs()) < 4_000);
  });

  it('leaves no process and no folder, also when it is stopped in the middle of something', async () => {
    const socketFolder = decodeURIComponent(new URL(cluster.postgres.url).hostname);
    const folder = dirname(socketFolder);
    expect(existsSync(folder)).to.equal(true);
    const pids = cluster.coordinators.map((each) => each.pid());
    first.pause();
    const underWay = cluster.postgres.restart().catch(() => undefined);
    await delay(50);
    await cluster.stop();
    await underWay;
    await cluster.stop();
    expect(existsSync(folder)).to.equal(false);
    for (const pid of pids) expect(() => process.kill(pid ?? 0, 0)).to.throw('ESRCH');
    expect(processesIn(`${folder}/postgres`, ['postgres'])).to.deep.equal([]);
  });

  async function callsOf(id: string, least: number): Promise<readonly CallRecord[]> {
    const found = (): readonly CallRecord[] => {
      calls.push(...cluster.takeCalls());
      return calls.filter(({ transactionId }) => transactionId === id);
    };
    await eventually(async () => found().length >= least);
    return found();
  }
});

/** A Try of one LAMP and one branch, whose answer is TRIED: a few are refused by the participant, always. */
async function reserve(coordinator: CoordinatorPort): Promise<Transaction> {
  for (;;) {
    const { status, body } = await tryAt(coordinator, 10);
    if (status === 201) return body;
    if (status !== 409 && status !== 503) throw new Error(`the Try was answered ${status}: ${JSON.stringify(body)}`);
    await delay(100);
  }
}

async function tryAt(coordinator: CoordinatorPort, waitSeconds: number) {
  const basket = { items: [{ sku: 'LAMP', quantity: 1 }], branches: [{ participant: 'payment' }] };
  return ask(coordinator, 'POST', '/v1/transactions', basket, waitSeconds);
}

async function ask(
  { url }: CoordinatorPort,
  method: string,
  path: string,
  body?: unknown,
  waitSeconds = 1,
): Promise<{ readonly status: number; readonly body: Transaction & { readonly code?: string } }> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { prefer: `wait=${waitSeconds}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Transaction };
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not come to be');
    await delay(50);
  }
}
