// Owns the protocol with remote participants, over HTTP with real participant servers (contract, sections 4 and 6; I5, I9): who is
// called when, with what, and how each transaction ends.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { statesOf, transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

describe('transactions with remote branches', function () {
  this.timeout(40_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  let coupon: ParticipantServer;
  const { ask, register, stock, stockOf, begin, confirm, cancel, get, retry, resolve } = transactionsOf(() => coordinator);

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
  });
  beforeEach(async () => {
    [payment, coupon] = await Promise.all([startParticipant(), startParticipant()]);
    const retry = { initialMs: 100, maxMs: 400, attentionAfter: 3 };
    await register('payment', payment, { timeoutMs: 1000, retry });
    await register('coupon', coupon, { timeoutMs: 1000, retry });
  });
  afterEach(async () => {
    expect(await audit(postgres.url)).to.deep.equal([]);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('both Tries ok, confirmed: both are confirmed, and nobody is cancelled', async () => {
    await stock('both', 5);
    const tried = await begin(['payment', 'coupon'], { sku: 'both' });
    expect(tried.brief).to.equal('201 TRIED');
    expect(statesOf(tried.body)).to.equal('TRIED: TRIED TRIED');
    expect(await stockOf('both')).to.equal('4/1/0');
    const confirmed = await confirm(tried.body.id);
    expect(confirmed.brief).to.equal('200 CONFIRMED');
    expect(statesOf(confirmed.body)).to.equal('CONFIRMED: CONFIRMED CONFIRMED');
    expect(await stockOf('both')).to.equal('4/0/1');
    for (const server of [payment, coupon]) expect(server.calls.map(({ phase }) => phase)).to.deep.equal(['try', 'confirm']);
    const { history } = (await get(tried.body.id)).body;
    expect(history.map(({ event }) => event)).to.have.members([
      ...['TRY', 'ATTEMPT_TRY', 'ATTEMPT_TRY', 'BRANCHES_TRIED'],
      ...['CONFIRM', 'ATTEMPT_CONFIRM', 'ATTEMPT_CONFIRM', 'BRANCHES_SETTLED'],
    ]);
  });

  it('tells a participant all that the contract says', async () => {
    const tried = await begin(['payment'], { timeoutMs: 60_000 });
    const [call] = payment.calls;
    const [branch] = tried.body.branches;
    expect(call).to.include({
      transactionId: tried.body.id,
      branchId: branch?.id,
      participant: 'payment',
      phase: 'try',
      attempt: 1,
    });
    expect(call).to.deep.include({ expiresAt: tried.body.expiresAt, payload: { index: 0 } });
    expect(call?.headers).to.include({ 'idempotency-key': `${branch?.id}:try`, 'content-type': 'application/json' });
    expect(call?.headers.traceparent).to.match(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
    await cancel(tried.body.id);
    expect(payment.callsOf('cancel')[0]?.headers['idempotency-key']).to.equal(`${branch?.id}:cancel`);
  });

  it('both Tries ok, cancelled: both are cancelled, and nobody is confirmed', async () => {
    await stock('neither', 5);
    const tried = await begin(['payment', 'coupon'], { sku: 'neither' });
    const cancelled = await cancel(tried.body.id);
    expect(cancelled.brief).to.equal('200 CANCELLED');
    expect(statesOf(cancelled.body)).to.equal('CANCELLED: CANCELLED CANCELLED');
    expect(cancelled.body.reason).to.equal('requested');
    expect(await stockOf('neither')).to.equal('5/0/0');
    for (const server of [payment, coupon]) expect(server.calls.map(({ phase }) => phase)).to.deep.equal(['try', 'cancel']);
  });

  it('one refuses: the other is cancelled, and the one that refused hears Cancel too', async () => {
    await stock('refused', 5);
    coupon.behave(({ phase }, nth) => {
      if (phase === 'try') return { status: 409, body: '{"reason":"used up"}' };
      return nth === 1 ? 425 : 200;
    });
    const id = randomUUID();
    const refused = await begin(['payment', 'coupon'], { id, sku: 'refused' });
    expect(refused.brief).to.equal('409 participant-refused');
    expect(refused.body).to.include({ participant: 'coupon', reason: 'used up' });
    expect(await stockOf('refused')).to.equal('5/0/0');
    await coupon.called('cancel');
    expect((await get(id)).body.state).to.equal('CANCELLING');
    const ended = await get(id, 5);
    expect(statesOf(ended.body)).to.equal('CANCELLED: CANCELLED CANCELLED');
    expect(ended.body.reason).to.equal('participant-refused');
    expect(payment.callsOf('cancel')).to.have.length(1);
    expect(coupon.callsOf('cancel')).to.have.length(2);
    const again = await begin(['payment', 'coupon'], { id, sku: 'refused' });
    expect(again.brief).to.equal('409 participant-refused');
    expect(again.body).to.include({ participant: 'coupon', reason: 'used up' });
    expect(again.headers.get('idempotent-replayed')).to.equal('true');
  });

  it('a shortage calls none, and so does a participant that nobody knows', async () => {
    await stock('one-only', 1);
    await begin(['payment'], { sku: 'one-only' });
    expect((await begin(['payment'], { sku: 'one-only' })).brief).to.equal('409 insufficient-stock');
    expect((await begin(['payment', 'nobody'], { sku: 'one-only' })).brief).to.equal('422 unknown-participant');
    expect(payment.calls).to.have.length(1);
  });

  it('nobody decides before the deadline: expired, every branch cancelled', async () => {
    await stock('forgotten', 1);
    const tried = await begin(['payment', 'coupon'], { sku: 'forgotten', timeoutMs: 400 });
    await Promise.all([payment.called('cancel'), coupon.called('cancel')]);
    const ended = await get(tried.body.id, 5);
    expect(statesOf(ended.body)).to.equal('CANCELLED: CANCELLED CANCELLED');
    expect(ended.body.reason).to.equal('expired');
    expect((await confirm(tried.body.id)).brief).to.equal('410 reservation-expired');
    expect(await stockOf('forgotten')).to.equal('1/0/0');
  });

  it('a confirm answered 202 before the deadline is finished after it', async () => {
    const tried = await begin(['payment'], { timeoutMs: 800 });
    payment.behave(() => (performance.now() < end ? 425 : 200));
    const end = performance.now() + 1500;
    const accepted = await confirm(tried.body.id, 0);
    expect(accepted.brief).to.equal('202 CONFIRMING');
    expect(accepted.headers.get('retry-after')).to.match(/^\d+$/);
    expect((await get(tried.body.id, 5)).body.state).to.equal('CONFIRMED');
    expect(payment.callsOf('cancel')).to.have.length(0);
  });

  it('confirmed twice, and ten times at once, while a participant is not ready: confirmed once, no confirm lost', async () => {
    const tried = await begin(['payment', 'coupon']);
    payment.behave((_call, nth) => (nth < 4 ? 425 : 200));
    const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(tried.body.id)));
    for (const answer of answers) expect(answer.brief).to.equal('200 CONFIRMED');
    expect((await confirm(tried.body.id)).brief).to.equal('200 CONFIRMED');
    expect(payment.callsOf('confirm')).to.have.length(4);
    expect(coupon.callsOf('confirm')).to.have.length(1);
  });

  it('a confirm that finds its Try under way waits for it', async () => {
    let answerTry: (status: number) => void = () => {};
    payment.behave(({ phase }) => (phase === 'try' ? new Promise((resolve) => (answerTry = resolve)) : 200));
    const id = randomUUID();
    const trying = await begin(['payment'], { id, seconds: 0 });
    expect(trying.brief).to.equal('202 TRYING');
    const early = await confirm(id, 0);
    expect(early.brief).to.equal('409 invalid-transition');
    expect(early.body).to.include({ retryable: true, state: 'TRYING' });
    const patient = confirm(id, 10);
    await payment.called('try');
    answerTry(200);
    expect((await patient).brief).to.equal('200 CONFIRMED');
  });

  it('a Try still on its way when its transaction is cancelled: its Cancel goes out after it, never before', async () => {
    let answerTry: (status: number) => void = () => {};
    payment.behave(({ phase }) => (phase === 'try' ? new Promise((resolve) => (answerTry = resolve)) : 200));
    const id = randomUUID();
    await begin(['payment', 'coupon'], { id, seconds: 0 });
    await payment.called('try');
    expect((await cancel(id, 0)).brief).to.equal('202 CANCELLING');
    await coupon.called('cancel');
    await delay(200);
    expect(payment.callsOf('cancel')).to.have.length(0);
    answerTry(200);
    expect((await get(id, 5)).body.state).to.equal('CANCELLED');
    expect(payment.calls.map(({ phase }) => phase)).to.deep.equal(['try', 'cancel']);
  });

  it('a Try that hangs is asked again, then cancelled at the deadline, after its time is up', async () => {
    await stock('hanging', 1);
    await register('payment', payment, { timeoutMs: 300, retry: { initialMs: 100, maxMs: 100 } });
    payment.behave(({ phase }) => (phase === 'try' ? 'hang' : 200));
    const id = randomUUID();
    expect((await begin(['payment'], { id, sku: 'hanging', timeoutMs: 1500, seconds: 0 })).brief).to.equal('202 TRYING');
    await until('it is cancelled', async () => (await get(id)).body.state === 'CANCELLED');
    const ended = (await get(id)).body;
    expect(ended.reason).to.equal('expired');
    expect(payment.callsOf('try').length).to.be.within(2, 5);
    expect(payment.calls.at(-1)?.phase).to.equal('cancel');
    expect(ended.history.find(({ event }) => event === 'ATTEMPT_TRY')?.detail?.error).to.equal('no whole answer within 300 ms');
  });

  it('a confirm that fails is repeated, asks for attention, and does not hold up its siblings; resolved, it names who did it', async () => {
    const tried = await begin(['payment', 'coupon']);
    const { id } = tried.body;
    payment.behave(() => ({ status: 409, body: 'the card was closed' }));
    expect((await confirm(id, 0)).brief).to.equal('202 CONFIRMING');
    await until('it needs attention', async () => (await get(id)).body.needsAttention);
    const stuck = (await get(id)).body;
    expect(statesOf(stuck)).to.equal('CONFIRMING: TRIED CONFIRMED');
    expect(stuck.branches[0]).to.include({ lastError: '409: the card was closed' });
    expect(stuck.branches[0]?.nextAttemptAt).to.match(/^\d{4}-/);
    const listed = await ask('GET', '/v1/transactions?needsAttention=true');
    expect((listed.body as unknown as { items: readonly { id: string }[] }).items.map((item) => item.id)).to.include(id);
    const branchId = stuck.branches[0]?.id ?? '';
    expect((await resolve(id, branchId, 'CONFIRMED', 'paid by hand')).brief).to.equal('200 CONFIRMED');
    expect((await resolve(id, branchId, 'CONFIRMED', 'paid by hand')).brief).to.equal('200 CONFIRMED');
    const ended = (await get(id)).body;
    expect(ended.needsAttention).to.equal(false);
    const resolved = ended.history.find(({ event }) => event === 'RESOLVE');
    expect(resolved?.detail).to.include({ branchId, as: 'CONFIRMED', note: 'paid by hand' });
    expect(resolved?.detail?.by).to.match(/127\.0\.0\.1/);
  });

  it('attention is asked for from so many failed attempts on, and goes by itself once the branch settles', async () => {
    const tried = await begin(['payment']);
    const { id } = tried.body;
    payment.behave((_call, nth) => (nth <= 4 ? 500 : 200));
    await confirm(id, 0);
    await payment.called('confirm', 2);
    expect((await get(id)).body.needsAttention).to.equal(false);
    await payment.called('confirm', 4);
    await until('it needs attention', async () => (await get(id)).body.needsAttention);
    const ended = await get(id, 5);
    expect(ended.body).to.include({ state: 'CONFIRMED', needsAttention: false });
  });

  it('backoff grows as configured and is capped, and 425 keeps the interval', async () => {
    await register('payment', payment, { retry: { initialMs: 200, maxMs: 800, attentionAfter: 100 } });
    payment.behave((_call, nth) => (nth <= 5 ? 500 : nth <= 8 ? 425 : 200));
    const tried = await begin(['payment'], { seconds: 15 });
    expect(tried.brief).to.equal('201 TRIED');
    const times = payment.callsOf('try').map(({ at }) => at);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    const wanted = [200, 400, 800, 800, 800, 200, 200, 200];
    expect(gaps).to.have.length(wanted.length);
    gaps.forEach((gap, index) => {
      const most = wanted[index] ?? 0;
      // 425 is without jitter; a retry is rung for within 50 ms, and the machine may be busy.
      expect(gap, `gap ${index}`).to.be.within(most * 0.74, most * 1.26 + 450);
    });
  });

  it('goes to where the participant is registered when its turn comes', async () => {
    const elsewhere = await startParticipant();
    payment.behave(() => 500);
    const id = randomUUID();
    await begin(['payment'], { id, seconds: 0 });
    await payment.called('try', 2);
    await register('payment', elsewhere, { retry: { initialMs: 100, maxMs: 400 } });
    expect((await get(id, 5)).body.state).to.equal('TRIED');
    expect(elsewhere.callsOf('try')).to.have.length(1);
  });

  it('takes twenty branches, branches alone, and the same participant twice', async () => {
    const names = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? 'payment' : 'coupon'));
    const tried = await begin(names);
    expect(tried.brief).to.equal('201 TRIED');
    expect(tried.body.branches.map(({ participant }) => participant)).to.deep.equal(names);
    expect((await confirm(tried.body.id)).brief).to.equal('200 CONFIRMED');
    expect(new Set(payment.callsOf('confirm').map(({ branchId }) => branchId)).size).to.equal(10);
    expect(payment.callsOf('try').map(({ payload }) => payload)).to.have.deep.members(
      Array.from({ length: 10 }, (_, index) => ({ index: 2 * index })),
    );
    expect((await begin([...names, 'payment'])).brief).to.equal('400 invalid-request');
  });

  it('carries the trace of its caller on, on retries too', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    payment.behave((_call, nth) => (nth < 3 ? 500 : 200));
    const tried = await begin(['payment'], { headers: { traceparent } });
    await confirm(tried.body.id);
    const traces = payment.calls.map(({ headers }) => String(headers.traceparent));
    expect(traces).to.have.length(6);
    for (const trace of traces) expect(trace).to.match(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(new Set(traces).size).to.equal(6);
  });

  it('resolves only what is stuck: not while TRIED, not what is settled; against the decision it stays in need of attention', async () => {
    const tried = await begin(['payment', 'coupon']);
    const { id, branches } = tried.body;
    const [first = '', second = ''] = branches.map((branch) => branch.id);
    expect((await resolve(id, first, 'CONFIRMED')).brief).to.equal('409 invalid-transition');
    let answerCancel: (status: number) => void = () => {};
    payment.behave(() => new Promise((resolve) => (answerCancel = resolve)));
    expect((await cancel(id, 0)).brief).to.equal('202 CANCELLING');
    await payment.called('cancel');
    await until('the other is cancelled', async () => statesOf((await get(id)).body) === 'CANCELLING: TRIED CANCELLED');
    expect((await resolve(id, second, 'CANCELLED')).brief).to.equal('409 invalid-transition');
    expect((await resolve(id, randomUUID(), 'CANCELLED')).brief).to.equal('404 not-found');
    expect((await resolve(id, first, 'CONFIRMED')).brief).to.equal('200 CANCELLED');
    answerCancel(200);
    await delay(200);
    const ended = (await get(id)).body;
    expect(statesOf(ended)).to.equal('CANCELLED: CONFIRMED CANCELLED');
    expect(ended.needsAttention).to.equal(true);
    expect((await resolve(id, first, 'CANCELLED')).brief).to.equal('409 invalid-transition');
    expect((await resolve(id, first, 'CONFIRMED')).brief).to.equal('200 CANCELLED');
  });

  it('follows no redirect, and takes no half and no endless answer for a yes', async () => {
    const elsewhere = await startParticipant();
    const answers = [
      { status: 302, headers: { location: `${elsewhere.url}/try` } },
      'half',
      { status: 200, body: 'x'.repeat(70_000) },
      'reset',
      { status: 200, body: 'x'.repeat(65_536) },
    ] as const;
    payment.behave((_call, nth) => answers[nth - 1] ?? 500);
    const tried = await begin(['payment'], { seconds: 10 });
    expect(tried.brief).to.equal('201 TRIED');
    expect(payment.calls).to.have.length(5);
    expect(elsewhere.calls).to.have.length(0);
    const { history } = (await get(tried.body.id)).body;
    const errors = history.filter(({ event }) => event === 'ATTEMPT_TRY').map(({ detail }) => String(detail?.error));
    expect(errors[0]).to.match(/^302: to http.* not followed$/);
    expect(errors[2]).to.match(/larger than 65536 bytes/);
    await cancel(tried.body.id);
  });

  it('retry asks at once, whatever its backoff; what does not wait is left alone', async () => {
    await register('payment', payment, { retry: { initialMs: 3_600_000, maxMs: 3_600_000 } });
    const tried = await begin(['payment', 'coupon']);
    payment.behave((_call, nth) => (nth === 1 ? 500 : 200));
    await confirm(tried.body.id, 0);
    await until('it waits', async () => (await get(tried.body.id)).body.branches[0]?.nextAttemptAt !== null);
    expect((await retry(tried.body.id)).brief).to.equal('200 CONFIRMING');
    expect((await get(tried.body.id, 5)).body.state).to.equal('CONFIRMED');
    expect(coupon.callsOf('confirm')).to.have.length(1);
    expect((await retry(tried.body.id)).brief).to.equal('200 CONFIRMED');
    expect((await retry(randomUUID())).brief).to.equal('404 unknown-transaction');
  });

  it('keeps a participant that open transactions name', async () => {
    await register('loyalty', payment);
    const tried = await begin(['loyalty']);
    expect((await ask('DELETE', '/v1/participants/loyalty')).brief).to.equal('409 invalid-transition');
    await cancel(tried.body.id);
    expect((await ask('DELETE', '/v1/participants/loyalty')).brief).to.match(/^20[04]/);
    expect((await begin(['loyalty'])).brief).to.equal('422 unknown-participant');
    expect((await ask('DELETE', '/v1/participants/loyalty')).brief).to.equal('404 unknown-participant');
  });

  it('does not confirm part of a transaction with branches', async () => {
    await stock('whole', 2);
    const tried = await begin(['payment'], { sku: 'whole' });
    const json = { items: [{ sku: 'whole', quantity: 1 }] };
    expect((await ask('POST', `/v1/transactions/${tried.body.id}/confirm`, { json })).brief).to.equal('400 invalid-request');
    expect((await cancel(tried.body.id)).brief).to.equal('200 CANCELLED');
  });
});
