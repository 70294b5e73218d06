// Owns the proof that what one coordinator began another finishes (I6, I9, I11): killed between any two steps, paused past its lease,
// with Redis flushed or PostgreSQL restarted, every transaction ends by its decision and each participant's effect is applied once.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { audit } from '../support/audit.ts';
import { statesOf, transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

/** A dead coordinator's work is taken up within this (I11). */
const RECOVERY_MS = 10_000;

describe('recovery of remote branches', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  let coupon: ParticipantServer;
  const { register, begin, confirm, cancel, get, retry } = transactionsOf(() => coordinator);
  const start = (): Promise<CoordinatorProcess> =>
    startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  beforeEach(async () => {
    [coordinator, payment, coupon] = await Promise.all([start(), startParticipant(), startParticipant()]);
    await register('payment', payment, { retry: { initialMs: 100, maxMs: 400 } });
    await register('coupon', coupon, { retry: { initialMs: 100, maxMs: 400 } });
  });
  afterEach(async () => {
    expect(await coordinator.stop()).to.equal(0);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
    expect(await audit(postgres.url)).to.deep.equal([]);
  });
  after(async () => {
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const ends = async (id: string, states: string): Promise<void> => {
    const from = performance.now();
    await until(`${states}`, async () => statesOf((await get(id)).body) === states, RECOVERY_MS + 5000);
    expect(performance.now() - from).to.be.below(RECOVERY_MS);
  };

  it('killed after the decision, before any confirm was answered: confirmed after the restart', async () => {
    const { id } = (await begin(['payment', 'coupon'])).body;
    for (const server of [payment, coupon]) server.behave(() => 'hang');
    expect((await confirm(id, 0)).brief).to.equal('202 CONFIRMING');
    await Promise.all([payment.called('confirm'), coupon.called('confirm')]);
    await coordinator.kill('SIGKILL');
    for (const server of [payment, coupon]) server.behave(() => 200);
    coordinator = await start();
    await ends(id, 'CONFIRMED: CONFIRMED CONFIRMED');
    expect(payment.callsOf('cancel')).to.have.length(0);
  });

  it('killed after one of two confirms: the one that was recorded is not asked again', async () => {
    const { id } = (await begin(['payment', 'coupon'])).body;
    coupon.behave(() => 'hang');
    await confirm(id, 0);
    await until('one is confirmed', async () => statesOf((await get(id)).body) === 'CONFIRMING: CONFIRMED TRIED');
    await coordinator.kill('SIGKILL');
    coupon.behave(() => 200);
    coordinator = await start();
    await ends(id, 'CONFIRMED: CONFIRMED CONFIRMED');
    expect(payment.callsOf('confirm')).to.have.length(1);
  });

  it('killed between a participant’s 2xx and its recording: asked again under the same key, which the participant knows', async () => {
    const { id } = (await begin(['payment'])).body;
    payment.behave(async (_call, nth) => {
      if (nth > 1) return 200;
      // It cannot read the answer any more; then it dies with it.
      await coordinator.kill('SIGSTOP');
      setTimeout(() => void coordinator.kill('SIGKILL'), 100);
      return 200;
    });
    await confirm(id, 0).catch(() => null);
    await coordinator.ended();
    coordinator = await start();
    await ends(id, 'CONFIRMED: CONFIRMED');
    const keys = payment.callsOf('confirm').map(({ headers }) => headers['idempotency-key']);
    expect(keys).to.have.length(2);
    expect(new Set(keys).size).to.equal(1);
  });

  it('killed while it tries: the caller’s id still finds the transaction, and the Try is asked again', async () => {
    payment.behave((_call, nth) => (nth === 1 ? 'hang' : 200));
    const id = '00000000-0000-7000-8000-00000000a001';
    const lost = begin(['payment'], { id, seconds: 10 }).catch(() => null);
    await payment.called('try');
    await coordinator.kill('SIGKILL');
    await lost;
    coordinator = await start();
    await ends(id, 'TRIED: TRIED');
    expect((await begin(['payment'], { id })).brief).to.equal('200 TRIED');
    expect((await cancel(id)).brief).to.equal('200 CANCELLED');
  });

  it('another instance finishes what a dead one began, without anybody restarting it', async () => {
    const other = await start();
    const { id } = (await begin(['payment', 'coupon'])).body;
    coupon.behave((_call, nth) => (nth === 1 ? 'hang' : 200));
    await confirm(id, 0);
    await coupon.called('confirm');
    await coordinator.kill('SIGKILL');
    coordinator = other;
    await ends(id, 'CONFIRMED: CONFIRMED CONFIRMED');
  });

  it('paused past its lease and woken up, it does no harm: its late reply changes nothing, and its late call is not made', async () => {
    const paused = coordinator;
    const other = await start();
    const { id } = (await begin(['payment'])).body;
    let answerFirst: (status: number) => void = () => {};
    payment.behave((_call, nth) => (nth === 1 ? new Promise((resolve) => (answerFirst = resolve)) : 200));
    await confirm(id, 0);
    await payment.called('confirm');
    await paused.kill('SIGSTOP');
    coordinator = other;
    await ends(id, 'CONFIRMED: CONFIRMED');
    answerFirst(500);
    await paused.kill('SIGCONT');
    await delay(1500);
    const { body } = await get(id);
    expect(statesOf(body)).to.equal('CONFIRMED: CONFIRMED');
    expect(body.needsAttention).to.equal(false);
    expect(payment.callsOf('confirm')).to.have.length(2);
    // It has taken a new lease, and is of use again.
    coordinator = paused;
    expect((await confirm((await begin(['payment'])).body.id)).brief).to.equal('200 CONFIRMED');
    coordinator = other;
    expect(await paused.stop()).to.equal(0);
  });

  it('a coordinator that stops in order hands over at once', async () => {
    const other = await start();
    const { id } = (await begin(['payment'])).body;
    payment.behave((_call, nth) => (nth === 1 ? 'hang' : 200));
    await register('payment', payment, { timeoutMs: 500, retry: { initialMs: 60_000, maxMs: 60_000 } });
    await confirm(id, 0);
    await payment.called('confirm');
    expect(await coordinator.stop()).to.equal(0);
    coordinator = other;
    const { branches } = (await get(id)).body;
    expect(branches[0]?.attempts).to.equal(1);
    expect((await retry(id)).brief).to.match(/^200/);
    await ends(id, 'CONFIRMED: CONFIRMED');
  });

  it('Redis flushed, then killed, with retries pending: they still happen', async () => {
    await register('payment', payment, { retry: { initialMs: 1500, maxMs: 1500 } });
    const { id } = (await begin(['payment'])).body;
    payment.behave((_call, nth) => (nth <= 2 ? 500 : 200));
    await confirm(id, 0);
    await payment.called('confirm');
    const client = new Redis(redis.url);
    await client.flushall();
    await client.quit();
    await payment.called('confirm', 2);
    await redis.kill();
    await ends(id, 'CONFIRMED: CONFIRMED');
    await redis.restart();
    expect(payment.callsOf('confirm')).to.have.length(3);
  });

  it('PostgreSQL restarted in the middle: nothing is lost, nothing is done twice', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, async () => (await begin(['payment', 'coupon'])).body.id));
    payment.behave(async () => {
      await delay(300);
      return 200;
    });
    const confirms = ids.map((id) => confirm(id, 0).catch(() => null));
    await payment.called('confirm', 5);
    await postgres.kill();
    await postgres.restart();
    await Promise.all(confirms);
    for (const id of ids) {
      await until(`${id} can be confirmed`, async () => /^20[02]/.test((await confirm(id, 5)).brief), 20_000);
      await ends(id, 'CONFIRMED: CONFIRMED CONFIRMED');
    }
    expect([...payment.callsOf('cancel'), ...coupon.callsOf('cancel')]).to.have.length(0);
  });
});
