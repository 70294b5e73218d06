// Owns the proof that the coordinator and the participant library together apply each effect once (I5, I11), over a road that loses
// answers, doubles requests and delivers them late.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantCall, type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { makeDatabase, type PaymentService, type PhaseReply, startPaymentService } from '../support/participant-service.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

describe('the coordinator and the participant library', function () {
  this.timeout(90_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let service: PaymentService;
  /** Between the two: what it does to a call is the test's. */
  let road: ParticipantServer;
  const { register, begin, confirm, cancel, get } = transactionsOf(() => coordinator);

  before(async () => {
    postgres = await startPostgres();
    service = await startPaymentService(await makeDatabase(postgres.url, 'payments'));
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
  });
  beforeEach(async () => {
    road = await startParticipant(carry);
    await register('payment', road, { timeoutMs: 500, retry: { initialMs: 100, maxMs: 200 } });
    service.faults.length = 0;
    for (const phase of ['try', 'confirm', 'cancel'] as const) service.runs[phase] = 0;
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    expect(await audit(postgres.url)).to.deep.equal([]);
    await service.stop();
    await postgres.stop();
  });

  const deliver = ({ phase, branchId, transactionId, attempt }: ParticipantCall): Promise<PhaseReply> =>
    service.send(phase, branchId, { transactionId, attempt, payload: { amount: 5 } });
  async function carry(call: ParticipantCall): Promise<number> {
    return (await deliver(call)).status;
  }
  const holdOf = async (branchId: string): Promise<string> => {
    const [row] = await service.query('SELECT state, releases FROM hold WHERE branch_id = $1', [branchId]);
    return row === undefined ? 'nothing' : `${row.state} ${row.releases}`;
  };

  it('a Try whose answer is lost, cancelled meanwhile, and arriving again late: refused there, nothing held', async () => {
    await register('payment', road, { retry: { initialMs: 60_000, maxMs: 60_000 } });
    road.behave(async (call) => {
      const { status } = await deliver(call);
      return call.phase === 'try' ? 'reset' : status;
    });
    const id = randomUUID();
    expect((await begin(['payment'], { id, seconds: 0 })).brief).to.equal('202 TRYING');
    await until('the lost answer is noticed', async () => (await get(id)).body.branches[0]?.nextAttemptAt !== null);
    const [late] = road.callsOf('try');
    if (late === undefined) throw new Error('no Try was made');
    expect(await holdOf(late.branchId)).to.equal('HELD 0');
    expect((await cancel(id)).brief).to.equal('200 CANCELLED');
    expect(await holdOf(late.branchId)).to.equal('RELEASED 1');
    expect((await deliver(late)).status).to.equal(409);
    expect(await holdOf(late.branchId)).to.equal('RELEASED 1');
  });

  it('a Try that arrives only after its Cancel: the Cancel finds nothing, the Try is refused, nothing held', async () => {
    road.behave((call) => (call.phase === 'try' ? 'hang' : carry(call)));
    const id = randomUUID();
    await begin(['payment'], { id, seconds: 0 });
    await road.called('try');
    expect((await cancel(id)).brief).to.equal('200 CANCELLED');
    const [late] = road.callsOf('try');
    if (late === undefined) throw new Error('no Try was made');
    expect((await deliver(late)).status).to.equal(409);
    expect(await holdOf(late.branchId)).to.equal('nothing');
    expect(service.runs).to.deep.equal({ try: 0, confirm: 0, cancel: 0 });
  });

  it('the coordinator killed between a 2xx and its recording: paid once', async () => {
    const { id, branches } = (await begin(['payment'])).body;
    road.behave(async (call, nth) => {
      const { status } = await deliver(call);
      if (nth === 1) await coordinator.kill('SIGKILL');
      return status;
    });
    await confirm(id, 0).catch(() => null);
    await coordinator.ended();
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
    await until('it is confirmed', async () => (await get(id)).body.state === 'CONFIRMED');
    expect(road.callsOf('confirm')).to.have.length(2);
    expect(service.runs.confirm).to.equal(1);
    expect(await holdOf(branches[0]?.id ?? '')).to.equal('PAID 0');
  });

  it('200 transactions over a road that loses, doubles and delays: each effect once, as the transaction ended', async () => {
    const stragglers: Promise<unknown>[] = [];
    road.behave(async (call) => {
      const fate = Math.random();
      if (fate < 0.1) return 'reset';
      if (fate < 0.2) stragglers.push(delay(Math.random() * 1500).then(() => deliver(call)));
      if (fate < 0.15) return 'hang';
      if (fate < 0.3) await delay(Math.random() * 100);
      const { status } = await deliver(call);
      return fate < 0.4 ? 'reset' : status;
    });
    const one = async (number: number): Promise<void> => {
      await delay(number * 5);
      const { id } = (await begin(['payment'], { timeoutMs: 8000, seconds: number % 3 })).body;
      if (number % 4 !== 0) await (number % 2 === 0 ? confirm(id, 1) : cancel(id, 1));
    };
    await Promise.all(Array.from({ length: 200 }, (_, number) => one(number)));
    await until(
      'all have ended',
      async () => {
        const open = await Promise.all([...new Set(road.calls.map((call) => call.transactionId))].map((id) => get(id)));
        return open.every(({ body }) => body.state === 'CONFIRMED' || body.state === 'CANCELLED');
        // Each call is given half a second, and a machine that is held up loses more of them.
      },
      45_000,
    );
    await Promise.all(stragglers);
    const branches = new Map(road.calls.map((call) => [call.branchId, call.transactionId]));
    const wrong: string[] = [];
    for (const [branchId, transactionId] of branches) {
      const { state } = (await get(transactionId)).body;
      const hold = await holdOf(branchId);
      const isRight = state === 'CONFIRMED' ? hold === 'PAID 0' : hold === 'RELEASED 1' || hold === 'nothing';
      if (!isRight) wrong.push(`${state}: ${hold}`);
    }
    expect(wrong).to.deep.equal([]);
    expect(branches.size).to.be.at.least(150);
    expect(service.faults.filter(({ kind }) => kind === 'contradiction')).to.deep.equal([]);
  });
});
