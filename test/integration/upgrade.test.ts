// Owns the proof of what docs/operations.md says of an upgrade: a new instance starts beside an old one that is busy, takes over its
// callers, and the old one goes; nobody is answered 5xx or not at all, and what was begun there is finished here.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { audit } from '../support/audit.ts';
import { answered, brief, call, receive, until } from '../support/call.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { checkHistory, type History, startLoad } from '../support/load.ts';
import { startParticipant } from '../support/participant-server.ts';
import { startPostgres, startRedis } from '../support/servers.ts';

const LOAD = { clients: 6, quantity: 10_000 };

/** @returns what callers were answered that no upgrade may make them see */
const interruptions = ({ lives }: History): readonly unknown[] =>
  lives.flatMap(({ told }) => told.filter(({ status }) => status === null || status >= 500));

describe('an upgrade', function () {
  this.timeout(120_000);

  it('interrupts nobody', async () => {
    const [postgres, redis, payment] = await Promise.all([startPostgres(), startRedis(), startParticipant()]);
    const env = { DATABASE_URL: postgres.url, REDIS_URL: redis.url };
    const old = await startCoordinator({ env });
    await answered(old.url, 'PUT', '/v1/participants/payment', { url: payment.url, timeoutMs: 3_000 });
    await receive(old.url, 'begun', 10);
    const begun = randomUUID();
    await answered(old.url, 'POST', '/v1/transactions', {
      ...{ id: begun, items: [{ sku: 'begun', quantity: 1 }], branches: [{ participant: 'payment' }] },
    });
    const before = await startLoad([old.url], { ...LOAD, skus: ['old-1', 'old-2'] });

    const fresh = await startCoordinator({ env });
    const after = await startLoad([fresh.url], { ...LOAD, skus: ['new-1', 'new-2'] });
    // The Confirm is under way at the old one when it goes.
    payment.behave(async ({ phase }, nth) => {
      if (phase === 'confirm' && nth === 1) await new Promise((resolve) => setTimeout(resolve, 1_000));
      return 200;
    });
    const confirming = call(old.url, 'POST', `/v1/transactions/${begun}/confirm`);
    await payment.called('confirm');
    // As a proxy does it: no new caller for the old one, then its end.
    const oldHistory = await before.stop();
    expect(await old.stop()).to.equal(0);
    expect((await confirming)?.status).to.be.oneOf([200, 202]);
    const isConfirmed = async (): Promise<boolean> =>
      brief(await call(fresh.url, 'GET', `/v1/transactions/${begun}`)) === '200 CONFIRMED';
    await until('what the old one began is finished', isConfirmed);
    const newHistory = await after.stop();

    for (const history of [oldHistory, newHistory]) {
      expect(history.lives.length).to.be.greaterThan(20);
      expect(interruptions(history)).to.deep.equal([]);
      expect(await checkHistory(fresh.url, history)).to.deep.equal([]);
    }
    expect(await fresh.stop()).to.equal(0);
    expect(await audit(postgres.url)).to.deep.equal([]);
    await Promise.all([postgres.stop(), redis.stop()]);
  });
});
