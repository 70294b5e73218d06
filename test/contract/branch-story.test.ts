// Owns the story of a transaction with branches told over the whole API, on a real coordinator with its own PostgreSQL and Redis and a
// real participant: every answer, with the history as the ledger keeps it, is held to /openapi.json.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type Asker, askerOf, type Body } from '../support/asker.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const RETRY = { initialMs: 3_600_000, maxMs: 3_600_000, attentionAfter: 1 };
const wait = (seconds: number) => ({ headers: { prefer: `wait=${seconds}` } });

describe('the contract about branches, told as one story', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  let asker: Asker;
  const ask: Asker['ask'] = (line, expected, asked) => asker.ask(line, expected, asked);
  const branchesOf = (transaction: Body) => transaction.branches as Body[];

  before(async () => {
    [postgres, redis, payment] = await Promise.all([startPostgres(), startRedis(), startParticipant()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
    asker = await askerOf(coordinator);
    await ask('PUT /v1/stock/S1', '200', { body: { available: 10 } });
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('registers a participant under a name with a slash, and shows it without its secret', async () => {
    await ask('GET /v1/participants/eu%2Fpay', '404 unknown-participant');
    const secret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`;
    const put = { url: `${payment.url}/`, retry: RETRY };
    const registered = await ask('PUT /v1/participants/eu%2Fpay', '200', { body: { ...put, secret } });
    expect(registered).to.deep.include({ name: 'eu/pay', url: payment.url, timeoutMs: 3_000, maxConcurrency: 64, retry: RETRY });
    expect(await ask('PUT /v1/participants/eu%2Fpay', '200', { body: put })).to.include({ createdAt: registered.createdAt });
    const { items } = await ask('GET /v1/participants', '200');
    expect(JSON.stringify(items)).to.contain('eu/pay').and.not.to.contain('whsec');
    await ask('POST /v1/transactions', '422 unknown-participant', { body: { branches: [{ participant: 'eu' }] } });
  });

  it('tries, confirms and tells the whole history of it', async () => {
    const id = randomUUID();
    const branches = [{ participant: 'eu/pay', payload: { amount: 7 } }, { participant: 'eu/pay' }];
    const body = { id, items: [{ sku: 'S1', quantity: 1 }], branches };
    const tried = await ask('POST /v1/transactions', '201', { body, ...wait(10) });
    expect(branchesOf(tried).map(({ state, attempts, phase }) => [state, attempts, phase])).to.deep.equal([
      ['TRIED', 1, null],
      ['TRIED', 1, null],
    ]);
    await ask('POST /v1/transactions', '200', {
      body: { ...body, branches: [branches[0], { participant: 'eu/pay', payload: null }] },
    });
    await ask('POST /v1/transactions', '422 idempotency-mismatch', { body: { ...body, branches: branches.toReversed() } });
    await ask(`POST /v1/transactions/${id}/confirm`, '400 invalid-request', { body: { items: body.items } });
    await ask(`POST /v1/transactions/${id}/confirm`, '200', wait(10));
    await ask(`POST /v1/transactions/${id}/confirm`, '200');
    await ask(`GET /v1/transactions/${id}`, '200', wait(10));
    await ask('GET /v1/transactions?state=CONFIRMED', '200');
  });

  it('hears a refusal, and cancels whatever was asked', async () => {
    payment.behave(({ phase }) => (phase === 'try' ? 409 : 200));
    const body = { id: randomUUID(), branches: [{ participant: 'eu/pay' }] };
    await ask('POST /v1/transactions', '409 participant-refused', { body, ...wait(10) });
    await ask('POST /v1/transactions', '409 participant-refused', { body });
    const ended = await ask(`GET /v1/transactions/${body.id}`, '200', wait(10));
    expect(ended).to.deep.include({ state: 'CANCELLED', reason: 'participant-refused' });
  });

  it('waits for who does not answer, retries when told to, and takes an operator’s word', async () => {
    payment.behave(({ phase }) => (phase === 'try' ? 200 : { status: 500, body: 'no "money"' }));
    const id = randomUUID();
    const branches = [{ participant: 'eu/pay' }, { participant: 'eu/pay' }];
    await ask('POST /v1/transactions', '201', { body: { id, branches }, ...wait(10) });
    await ask(`POST /v1/transactions/${id}/confirm`, '202', wait(0));
    expect(asker.header('retry-after')).to.equal('1');
    await payment.called('confirm', 4);
    const stuck = await ask(`GET /v1/transactions/${id}`, '200', wait(1));
    expect(stuck).to.deep.include({ state: 'CONFIRMING', needsAttention: true });
    expect(branchesOf(stuck)[0]).to.deep.include({ phase: 'confirm', attempts: 1, needsAttention: true, state: 'TRIED' });
    expect(branchesOf(stuck)[0]?.nextAttemptAt).to.be.a('string');
    await ask('GET /v1/transactions?needsAttention=true', '200');
    await ask('DELETE /v1/participants/eu%2Fpay', '409 invalid-transition');

    await ask(`POST /v1/transactions/${id}/retry`, '200');
    await payment.called('confirm', 6);
    const [first, second] = branchesOf(stuck).map(({ id: branchId }) => ({
      branchId,
      as: 'CONFIRMED',
      note: 'by hand — 手作業',
    }));
    await ask(`POST /v1/transactions/${id}/resolve`, '404 not-found', { body: { ...first, branchId: randomUUID() } });
    await ask(`POST /v1/transactions/${id}/resolve`, '200', { body: first });
    await ask(`POST /v1/transactions/${id}/resolve`, '200', { body: first });
    expect(asker.header('idempotent-replayed')).to.equal('true');
    const ended = await ask(`POST /v1/transactions/${id}/resolve`, '200', { body: { ...second, as: 'CANCELLED' } });
    expect(ended).to.deep.include({ state: 'CONFIRMED', needsAttention: true });
    const { history } = (await ask(`GET /v1/transactions/${id}`, '200')) as { history: Body[] };
    const resolved = history.filter(({ event }) => event === 'RESOLVE').map(({ detail }) => detail as Body);
    expect(resolved.map(({ by, as, note }) => [by, as, note])).to.deep.equal([
      ['unauthenticated at 127.0.0.1', 'CONFIRMED', first?.note],
      ['unauthenticated at 127.0.0.1', 'CANCELLED', first?.note],
    ]);
    await ask(`POST /v1/transactions/${id}/resolve`, '409 invalid-transition', { body: { ...second, as: 'CONFIRMED' } });
  });

  it('removes the participant once nothing open names it', async () => {
    await ask('DELETE /v1/participants/eu%2Fpay', '204');
    await ask('DELETE /v1/participants/eu%2Fpay', '404 unknown-participant');
  });
});
