// Owns the proof that Redis alone rings in time, with nothing else to hide that it does not.
import { expect } from 'chai';
import { WakeUps } from '../../src/timers/wake-ups.ts';
import { startRedis, type TestServer } from '../support/servers.ts';

describe('wake-ups', () => {
  let redis: TestServer;
  let wakeUps: WakeUps;
  let rung: () => void;

  before(async () => {
    redis = await startRedis();
    wakeUps = new WakeUps({
      queue: 'retries',
      bucketMs: 50,
      redisUrl: redis.url,
      prefix: 'test',
      onDue: async () => rung(),
      onFault: (error) => expect.fail(String(error)),
    });
    // The connection is made in the background, and nothing waits for it.
    for (let answered = false; !answered; ) {
      answered = await wakeUps.ping().then(
        () => true,
        () => new Promise<boolean>((resolve) => setTimeout(resolve, 10, false)),
      );
    }
  });
  after(async () => {
    await wakeUps.stop();
    await redis.stop();
  });

  it('ring at their time, each by itself, and not with the next one that is armed', async () => {
    for (const delayMs of [100, 250, 400]) {
      const due = Date.now() + delayMs;
      const ring = new Promise<void>((resolve) => {
        rung = resolve;
      });
      wakeUps.arm([due], Date.now());
      await ring;
      // Well below the whole seconds in which a worker waits that does not know the version of its server.
      expect(Date.now() - due).to.be.within(0, 500);
    }
  });
});
