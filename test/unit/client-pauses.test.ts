// The client's pauses between attempts, and what it reads in Retry-After.
import { expect } from 'chai';
import { DEFAULT_RETRY, pauseMs, readRetryAfter, retryPolicy } from '../../src/client/retry.ts';

describe('the pauses between attempts', () => {
  const policy = retryPolicy({ initialMs: 100, maxMs: 1_000 });

  it('double, up to a limit, and spread from half to all', () => {
    const pauses = (random: number): number[] => [1, 2, 3, 4, 5, 60].map((failures) => pauseMs(policy, failures, null, random));
    expect(pauses(1)).to.deep.equal([100, 200, 400, 800, 1_000, 1_000]);
    expect(pauses(0)).to.deep.equal([50, 100, 200, 400, 500, 500]);
  });

  it('add up to what a restart of the coordinator takes, where nothing else is asked for', () => {
    const usual = retryPolicy(undefined);
    const failures = Array.from({ length: usual.attempts - 1 }, (_, index) => index + 1);
    expect(failures.reduce((sum, each) => sum + pauseMs(usual, each, null, 0), 0)).to.be.at.least(15_000);
  });

  it('are never shorter than Retry-After, and spread beyond it', () => {
    expect(pauseMs(policy, 1, 5_000, 0)).to.equal(5_000);
    expect(pauseMs(policy, 1, 5_000, 1)).to.equal(6_000);
    expect(pauseMs(policy, 1, 0, 1)).to.equal(100);
  });

  it('read Retry-After in both its forms, by the clock of the answer', () => {
    const now = Date.parse('2026-11-22T08:00:00Z');
    const read = (retryAfter: string, date?: string): number | null =>
      readRetryAfter(new Headers({ 'retry-after': retryAfter, ...(date === undefined ? {} : { date }) }), now);
    expect(read('3')).to.equal(3_000);
    expect(read('Sun, 22 Nov 2026 08:00:07 GMT')).to.equal(7_000);
    expect(read('Sun, 22 Nov 2026 09:00:07 GMT', 'Sun, 22 Nov 2026 09:00:00 GMT')).to.equal(7_000);
    expect(read('Sun, 22 Nov 2026 07:00:00 GMT')).to.equal(0);
    for (const malformed of ['', 'soon', '-1', '1.5', '2026-11-22']) expect(read(malformed), malformed).to.equal(null);
    expect(readRetryAfter(new Headers(), now)).to.equal(null);
  });

  it('are refused where they make no sense', () => {
    for (const bad of [{ attempts: 0 }, { attempts: 1.5 }, { initialMs: 0 }, { maxMs: Number.NaN }, { attemptTimeoutMs: -1 }]) {
      expect(() => retryPolicy(bad), JSON.stringify(bad)).to.throw(RangeError);
    }
    expect(retryPolicy(undefined)).to.deep.equal(DEFAULT_RETRY);
  });
});
