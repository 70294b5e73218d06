// Owns the proof that branches which fail again and again, at a participant that is alive, do not shut it to all others (I12).
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { statesOf, transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantReply, type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

const POISONED = 30;
const HEALTHY = 60;

describe('a participant that fails for some branches', function () {
  this.timeout(90_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let participant: ParticipantServer;
  const { register, begin, confirm, get } = transactionsOf(() => coordinator);

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
  });
  beforeEach(async () => {
    participant = await startParticipant();
    await register('payment', participant, { timeoutMs: 1000, retry: { initialMs: 200, maxMs: 20_000 } });
  });
  afterEach(async () => {
    expect(await audit(postgres.url)).to.deep.equal([]);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  /** One after the other, Try and Confirm. @returns how long each took, sorted */
  async function healthyOnes(): Promise<number[]> {
    const took: number[] = [];
    for (let nth = 0; nth < HEALTHY; nth += 1) {
      const startedAt = performance.now();
      const tried = await begin(['payment'], { seconds: 20 });
      expect(tried.brief).to.equal('201 TRIED');
      expect((await confirm(tried.body.id, 20)).brief).to.equal('200 CONFIRMED');
      took.push(performance.now() - startedAt);
      // Spread over the retries of the others: they come together again and again.
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return took.sort((a, b) => a - b);
  }

  for (const [what, reply] of [
    ['answers 503', 503],
    ['hangs', 'hang'],
  ] as const satisfies readonly (readonly [string, ParticipantReply])[]) {
    it(`and ${what} to their Confirm again and again: Tries and Confirms of others go on at their speed`, async () => {
      const quiet = await healthyOnes();
      const poisoned = await Promise.all(Array.from({ length: POISONED }, async () => (await begin(['payment'])).body.id));
      const ids = new Set(poisoned);
      participant.behave(({ phase, transactionId }) => (phase === 'confirm' && ids.has(transactionId) ? reply : 200));
      await Promise.all(poisoned.map((id) => confirm(id, 0)));
      await participant.called('confirm', HEALTHY + POISONED);
      const meanwhile = await healthyOnes();
      const [usual = 0, now = 0] = [quiet, meanwhile].map((took) => took[HEALTHY / 2]);
      expect(now, `the median, ${Math.round(usual)} ms else`).to.be.below(3 * usual + 20);
      expect(meanwhile.at(-1), 'the slowest').to.be.below(1000);
      const again = poisoned.map((id) => participant.callsOf('confirm', id).length);
      expect(Math.min(...again), 'the others were asked again').to.be.at.least(2);
      // 200 ms, doubling: what failed while its participant was there keeps to it.
      expect(Math.max(...again), 'and not more often than their backoff has it').to.be.at.most(8);
      participant.behave(() => 200);
      for (const id of poisoned) {
        await until('it is confirmed', async () => statesOf((await get(id, 5)).body) === 'CONFIRMED: CONFIRMED', 40_000);
      }
    });
  }
});
