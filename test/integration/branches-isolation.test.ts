// Owns the proof that a participant in trouble harms nobody else (I12): one that hangs, one that is down and comes back, and one that
// is asked for more at once than it may be.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { OUTAGE_MS } from '../../src/participants/breaker.ts';
import { audit } from '../support/audit.ts';
import { statesOf, transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

describe('participants in trouble', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let healthy: ParticipantServer;
  let troubled: ParticipantServer;
  const { register, begin, confirm, get, retry, ask } = transactionsOf(() => coordinator);

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
  });
  beforeEach(async () => {
    [healthy, troubled] = await Promise.all([startParticipant(), startParticipant()]);
    await register('healthy', healthy);
    await register('troubled', troubled, { timeoutMs: 2000, maxConcurrency: 8, retry: { initialMs: 100, maxMs: 60_000 } });
  });
  afterEach(async () => {
    expect(await audit(postgres.url)).to.deep.equal([]);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('one that accepts connections and never answers: a hundred other transactions go on, the stuck ones are cancelled', async () => {
    troubled.behave(({ phase }) => (phase === 'try' ? 'hang' : 200));
    const stuck = await Promise.all(
      Array.from({ length: 40 }, () => begin(['healthy', 'troubled'], { timeoutMs: 10_000, seconds: 0 })),
    );
    for (const { brief } of stuck) expect(brief).to.equal('202 TRYING');
    const others = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const tried = await begin(['healthy', 'healthy'], { seconds: 10 });
        return (await confirm(tried.body.id, 10)).brief;
      }),
    );
    expect(new Set(others)).to.deep.equal(new Set(['200 CONFIRMED']));
    // They were done while the stuck ones hung.
    for (const { body } of stuck) expect((await get(body.id)).body.state).to.equal('TRYING');
    for (const { body } of stuck) {
      await until('a stuck one is cancelled', async () => (await get(body.id, 5)).body.state === 'CANCELLED');
      expect((await get(body.id)).body.reason).to.equal('expired');
    }
  });

  it('is never asked for more at once than its bound', async () => {
    let atOnce = 0;
    let most = 0;
    troubled.behave(async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await delay(20);
      atOnce -= 1;
      return 200;
    });
    const answers = await Promise.all(Array.from({ length: 60 }, () => begin(['troubled', 'troubled'], { seconds: 20 })));
    for (const { brief } of answers) expect(brief).to.equal('201 TRIED');
    expect(most).to.equal(8);
  });

  it('down for long, its breaker opens; back again, all that waits is asked at once, whatever its backoff', async () => {
    await register('troubled', troubled, { timeoutMs: 500, retry: { initialMs: 120_000, maxMs: 120_000 } });
    const tried = await Promise.all(Array.from({ length: 30 }, () => begin(['troubled'])));
    await troubled.down();
    await Promise.all(tried.map(({ body }) => confirm(body.id, 0)));
    await until('all have failed or wait', async () => {
      const all = await Promise.all(tried.map(({ body }) => get(body.id)));
      return all.every(({ body }) => body.branches[0]?.nextAttemptAt !== null);
    });
    await delay(2 * OUTAGE_MS);
    await troubled.up();
    const ids = tried.map(({ body }) => body.id);
    const back = await until('all are confirmed', async () => {
      const all = await Promise.all(ids.map((id) => get(id)));
      return all.every(({ body }) => body.state === 'CONFIRMED');
    });
    expect(back).to.be.below(10_000);
  });

  it('retry goes past an open breaker', async () => {
    await register('troubled', troubled, { timeoutMs: 500, retry: { initialMs: 120_000, maxMs: 120_000 } });
    const { id } = (await begin(['troubled'])).body;
    const others = await Promise.all(Array.from({ length: 10 }, () => begin(['troubled'])));
    troubled.behave(() => 503);
    await Promise.all([id, ...others.map(({ body }) => body.id)].map((one) => confirm(one, 0)));
    await troubled.called('confirm', 5);
    const before = troubled.callsOf('confirm', id).length;
    troubled.behave(({ transactionId }) => (transactionId === id ? 200 : 503));
    await until('it is confirmed', async () => {
      await retry(id);
      return (await get(id, 1)).body.state === 'CONFIRMED';
    });
    expect(troubled.callsOf('confirm', id).length).to.equal(before + 1);
    troubled.behave(() => 200);
    for (const { body } of others) {
      await retry(body.id);
      await until('the rest is confirmed', async () => (await get(body.id, 1)).body.state === 'CONFIRMED');
    }
  });

  it('a thousand Tries for one that is down are taken, kept, and cancelled in time', async () => {
    await troubled.down();
    const operations = Array.from({ length: 1000 }, () => ({
      op: 'try',
      id: randomUUID(),
      branches: [{ participant: 'troubled' }],
      timeoutMs: 3000,
    }));
    const { body } = await ask('POST', '/v1/batch', { json: { operations }, headers: { prefer: 'wait=0' } });
    const { results } = body as unknown as { results: readonly { status: number }[] };
    expect(new Set(results.map(({ status }) => status))).to.deep.equal(new Set([202]));
    await delay(3000);
    await troubled.up();
    for (const { id } of [operations[0], operations[500], operations[999]].filter((one) => one !== undefined)) {
      await until('it is cancelled', async () => statesOf((await get(id)).body) === 'CANCELLED: CANCELLED', 30_000);
    }
    await until('all are', async () => {
      const { body: page } = await ask('GET', '/v1/transactions?state=CANCELLING&limit=1');
      return (page as unknown as { items: readonly unknown[] }).items.length === 0;
    });
  });
});
