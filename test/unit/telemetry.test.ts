// Owns the tests of what is counted in memory, of the text for Prometheus, and of the hottest SKUs.
import { expect } from 'chai';
import type { BasketItem } from '../../src/coordinator/model.ts';
import { Hottest, mergeHottest } from '../../src/telemetry/hottest.ts';
import { mergeFigures } from '../../src/telemetry/merge.ts';
import { prometheusText } from '../../src/telemetry/prometheus.ts';
import { Tallies } from '../../src/telemetry/tallies.ts';
import { samplesOf, sumOf } from '../support/scrape.ts';

const one = (sku: string, quantity = 1): readonly BasketItem[] => [{ sku, warehouse: 'default', quantity }];

describe('tallies', () => {
  it('count by labels, and put a value into the bucket whose bound it does not pass', () => {
    const tallies = new Tallies();
    tallies.counter('holdfast_stock_units_total', 'reserved').value += 3;
    tallies.counter('holdfast_stock_units_total', 'reserved').value += 4;
    const waits = tallies.histogram('holdfast_lane_wait_seconds', 'demand');
    for (const seconds of [0, 0.001, 0.0011, 11]) waits.record(seconds);
    const samples = samplesOf(prometheusText(tallies.read({ worker: '1' })));
    expect(sumOf(samples, 'holdfast_stock_units_total', { move: 'reserved', worker: '1' })).to.equal(7);
    const below = (le: string) => sumOf(samples, 'holdfast_lane_wait_seconds_bucket', { le });
    expect(['0.001', '0.0025', '10', '+Inf'].map(below)).to.deep.equal([2, 3, 3, 4]);
    expect(sumOf(samples, 'holdfast_lane_wait_seconds_sum')).to.be.closeTo(11.0021, 1e-9);
  });

  it('keep no more than a thousand series of a metric, and lose none of the count (I12)', () => {
    const tallies = new Tallies();
    for (let n = 0; n < 3000; n += 1) tallies.counter('holdfast_branch_attempts_total', `p${n}`, 'try', 'done').value += 1;
    const series = tallies.read({}).series.holdfast_branch_attempts_total ?? [];
    expect(series.length).to.equal(1001);
    expect(series.reduce((sum, each) => sum + ('value' in each ? each.value : 0), 0)).to.equal(3000);
  });

  it('are put together without adding anything up', () => {
    const all = [1, 2].map((worker) => {
      const tallies = new Tallies();
      tallies.counter('holdfast_shortages_total').value += worker;
      return tallies.read({ worker: String(worker) });
    });
    const samples = samplesOf(prometheusText(mergeFigures(all)));
    expect(samples.map(({ labels, value }) => [labels.worker, value])).to.deep.equal([
      ['1', 1],
      ['2', 2],
    ]);
  });

  it('are written so that no label can break the format', () => {
    const tallies = new Tallies();
    tallies.counter('holdfast_branch_attempts_total', 'a"b\\c', 'try', 'done').value += 1;
    expect(prometheusText(tallies.read({}))).to.contain('participant="a\\"b\\\\c"');
  });
});

describe('the hottest SKUs', () => {
  it('are those of the last whole window, per second', () => {
    let now = 0;
    const hottest = new Hottest(() => now);
    for (let n = 0; n < 30; n += 1) hottest.tried(one('hot', 2), n < 20, n >= 20);
    hottest.tried(one('cold'), true, false);
    expect(hottest.read(5), 'the window is not over').to.deep.equal([]);
    now = 10_000;
    const hot = { sku: 'hot', warehouse: 'default', triesPerS: 3, reservedPerS: 4, shortagesPerS: 1 };
    expect(hottest.read(1)).to.deep.equal([hot]);
    now = 30_000;
    expect(hottest.read(5), 'nobody came since').to.deep.equal([]);
  });

  it('are found among any number of others, in bounded memory (I12)', () => {
    let now = 0;
    const hottest = new Hottest(() => now);
    for (let n = 0; n < 100_000; n += 1) hottest.tried(one(n % 50 === 0 ? 'hot' : `cold-${n}`), true, false);
    now = 10_000;
    const all = hottest.read(5_000);
    expect(all.length).to.be.at.most(1000);
    expect(all[0]?.sku).to.equal('hot');
    // A thousandth of all may be missed, and nothing is made up.
    expect(all[0]?.triesPerS).to.be.within(190, 200);
  });

  it('of several processes are added up', () => {
    const each = [{ sku: 'a', warehouse: 'w', triesPerS: 1, reservedPerS: 2, shortagesPerS: 3 }];
    expect(mergeHottest([each, each], 1)).to.deep.equal([
      { sku: 'a', warehouse: 'w', triesPerS: 2, reservedPerS: 4, shortagesPerS: 6 },
    ]);
  });
});
