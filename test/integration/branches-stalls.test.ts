// Owns the proof that no branch is forgotten while PostgreSQL stalls for just so long that this coordinator takes its lease for
// ended and PostgreSQL does not (I11): nobody else would ever take it over.
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import pg from 'pg';
import { audit } from '../support/audit.ts';
import { statesOf, transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

describe('branches while PostgreSQL stalls', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  let outsider: pg.Client;
  const { register, begin, confirm, get } = transactionsOf(() => coordinator);

  before(async () => {
    [postgres, redis, payment] = await Promise.all([startPostgres(), startRedis(), startParticipant()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
    outsider = new pg.Client({ connectionString: postgres.url });
    await outsider.connect();
    await register('payment', payment, { timeoutMs: 20_000 });
  });
  after(async () => {
    await outsider.end();
    expect(await coordinator.stop()).to.equal(0);
    expect(coordinator.output()).not.to.match(/"level":(50|60)/);
    expect(await audit(postgres.url)).to.deep.equal([]);
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const leaseUntil = async (): Promise<string> => {
    const { rows } = await outsider.query<{ lease_until: string }>('SELECT lease_until::text FROM holdfast.coordinator');
    return rows[0]?.lease_until ?? '';
  };
  const renewed = async (): Promise<void> => {
    const before = await leaseUntil();
    await until('the lease is renewed', async () => (await leaseUntil()) !== before, 5000);
  };

  it('a reply that comes while the lease is in doubt is told of, or its branch asked again', async () => {
    const { id } = (await begin(['payment'])).body;
    let answer: (status: number) => void = () => {};
    payment.behave((_call, nth) => (nth === 1 ? new Promise((resolve) => (answer = resolve)) : 200));
    await confirm(id, 0);
    await payment.called('confirm');
    await renewed();
    postgres.pause();
    // By its own count the lease is over after 4.5 s, by PostgreSQL's after 5 s.
    await delay(4600);
    answer(200);
    await delay(150);
    postgres.resume();
    await until('it is confirmed', async () => statesOf((await get(id)).body) === 'CONFIRMED: CONFIRMED', 10_000);
  });
});
