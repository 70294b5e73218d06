// Owns the tests of src/access/rates.ts: windows, what several processes count together, and the bound on callers.
import { expect } from 'chai';
import { Rates, type SharedCounts } from '../../src/access/rates.ts';
import { networkOf } from '../../src/http/limits.ts';

/** Redis, as far as counting goes. */
class Shared implements SharedCounts {
  isAway = false;
  readonly totals = new Map<string, number>();

  async add(counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    if (this.isAway) throw new Error('away');
    for (const [key, count] of counts) this.totals.set(key, (this.totals.get(key) ?? 0) + count);
    return new Map([...counts.keys()].map((key) => [key, this.totals.get(key) ?? 0]));
  }
}

describe('rates', () => {
  let now = 1_000_000;
  const faults: unknown[] = [];
  const rates = (perS: number, shared: SharedCounts | null = null): Rates =>
    new Rates({ name: 'key', perS, shared, now: () => now, onFault: (error) => faults.push(error) });

  beforeEach(() => {
    now = 1_000_000;
    faults.length = 0;
  });

  it('let so many pass in a window, and begin anew with the next', async () => {
    const one = rates(3);
    now += 400;
    for (let count = 0; count < 3; count += 1) expect(await one.take('a', 1)).to.equal(null);
    expect(await one.take('a', 1)).to.equal(600);
    expect(await one.take('b', 3)).to.equal(null);
    now += 600;
    expect(await one.take('a', 3)).to.equal(null);
    expect(await one.take('a', 1)).to.equal(1_000);
  });

  it('refuse what is worth more than a whole window', async () => {
    expect(await rates(3).take('a', 4)).to.equal(1_000);
  });

  it('add up what others counted, no more than once', async () => {
    const shared = new Shared();
    const [one, other] = [rates(10, shared), rates(10, shared)];
    expect(await one.take('a', 6)).to.equal(null);
    expect(await other.take('a', 3)).to.equal(null);
    await one.exchange();
    await other.exchange();
    await one.exchange();
    await other.exchange();
    expect(shared.totals.get('key:a@1000')).to.equal(9);
    // The other knows of all nine, so one is left there.
    expect(await other.take('a', 1)).to.equal(null);
    expect(await other.take('a', 1)).to.equal(1_000);
  });

  it('keep what is counted while an exchange is under way', async () => {
    const shared = new Shared();
    const one = rates(10, shared);
    await one.take('a', 4);
    const exchange = one.exchange();
    await one.take('a', 4);
    await exchange;
    expect(await one.take('a', 2)).to.equal(null);
    expect(await one.take('a', 1)).to.equal(1_000);
  });

  it('go on alone where nothing can be shared', async () => {
    const shared = new Shared();
    shared.isAway = true;
    const one = rates(2, shared);
    await one.take('a', 1);
    await one.exchange();
    expect(faults).to.have.length(1);
    expect(await one.take('a', 1)).to.equal(null);
    expect(await one.take('a', 1)).to.equal(1_000);
  });

  it('hold a bounded number of callers apart (I12)', async () => {
    const one = rates(1);
    for (let caller = 0; caller < 20_000; caller += 1) await one.take(`caller-${caller}`, 1);
    // All that come besides share one count.
    expect(await one.take('late-1', 1)).to.equal(null);
    expect(await one.take('late-2', 1)).to.equal(1_000);
    now += 1_000;
    expect(await one.take('late-2', 1)).to.equal(null);
  });
});

describe('the network of an address', () => {
  it('is the address of IPv4, and the first 64 bits of IPv6', () => {
    expect(networkOf('192.0.2.1')).to.equal('192.0.2.1');
    expect(networkOf('2001:db8:1:2:3:4:5:6')).to.equal('2001:db8:1:2::/64');
    expect(networkOf('2001:db8::6')).to.equal('2001:db8:0:0::/64');
    expect(networkOf('::1')).to.equal('0:0:0:0::/64');
    expect(networkOf('2001:db8:1:2:3::')).to.equal('2001:db8:1:2::/64');
    expect(networkOf('unknown')).to.equal('unknown');
  });
});
