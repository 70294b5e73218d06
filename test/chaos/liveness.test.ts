// Owns the proof of the look at life after the faults: what counts as recovered, and what as settled.
import { expect } from 'chai';
import { measureThroughput, waitUntilSettled, watchRecovery } from '../../chaos/liveness.ts';
import type { Load } from '../../chaos/load/ports.ts';
import { errorOf } from '../support/error-of.ts';

/** Much more than what is looked at here takes. */
const LONG_MS = 60_000;

/** A load of which only the answers count. */
const loadOf = (answered: () => number): Load => ({ answered }) as Load;

/** @param perSecond from so long after now on */
function answering(perSecond: number, afterMs = 0, before = 0): Load {
  const begunMs = performance.now() + afterMs;
  return loadOf(() => before + (Math.max(0, performance.now() - begunMs) * perSecond) / 1_000);
}

const never = new AbortController().signal;

describe('the throughput of a load', () => {
  it('is what was answered a second meanwhile, not what had been before', async () => {
    expect(await measureThroughput(answering(400, 0, 1_000_000), 150, never)).to.be.closeTo(400, 20);
  });

  it('is that of the time until it is stopped', async () => {
    const begunMs = performance.now();
    expect(await measureThroughput(answering(400), LONG_MS, AbortSignal.timeout(150))).to.be.closeTo(400, 20);
    expect(performance.now() - begunMs).to.be.below(LONG_MS / 2);
  });
});

describe('the recovery of a load', () => {
  it('is the first second with 60 % of what was before', async () => {
    const { best, afterMs } = await watchRecovery(answering(610), 1_000, never);
    expect(best).to.be.within(600, 650);
    expect(afterMs).to.be.at.least(1_000);
  });

  it('waits for a load that stood still', async () => {
    const { best, afterMs } = await watchRecovery(answering(1_000, 700), 1_000, never);
    expect(best).to.be.at.least(600);
    // Of the first good second 0.6 s were good.
    expect(afterMs).to.be.at.least(1_250);
  });

  it('does not count what was answered before, nor too little', async () => {
    const { best, afterMs } = await watchRecovery(answering(580, 0, 1_000_000), 1_000, AbortSignal.timeout(1_600));
    expect(afterMs).to.equal(null);
    expect(best).to.be.within(500, 600);
  });

  it('is not looked for where the run is stopped', async () => {
    expect(await watchRecovery(answering(1_000_000), 1, AbortSignal.abort())).to.deep.equal({ best: 0, afterMs: null });
  });
});

describe('settling', () => {
  it('is over when nothing is open', async () => {
    const open = [3, 1, 0, 5];
    const beforeMs = Date.now();
    const { settledMs, stillOpen } = await waitUntilSettled(async () => open.shift() ?? 9, LONG_MS, never);
    expect(stillOpen).to.equal(0);
    expect(settledMs).to.be.within(beforeMs, Date.now());
    expect(open).to.deep.equal([5]);
  });

  it('is given up after its bound, with what is open then', async () => {
    let open = 1_000;
    const { settledMs, stillOpen } = await waitUntilSettled(async () => --open, 250, never);
    expect(settledMs).to.equal(null);
    expect(stillOpen).to.equal(open).and.below(999);
  });

  it('is looked at once more at the bound: what had no time may be settled all the same', async () => {
    expect((await waitUntilSettled(async () => 0, 0, never)).settledMs).to.be.a('number');
  });

  it('is given up when the run is stopped', async () => {
    expect(await waitUntilSettled(async () => 2, LONG_MS, AbortSignal.timeout(150))).to.deep.equal({
      settledMs: null,
      stillOpen: 2,
    });
  });

  it('cannot be told where nobody can count', async () => {
    const error = await errorOf(
      waitUntilSettled(() => Promise.reject(new Error('PostgreSQL is gone')), LONG_MS, never),
      Error,
    );
    expect(error.message).to.equal('PostgreSQL is gone');
  });
});
