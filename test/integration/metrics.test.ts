// Owns the test that a live coordinator measures all that the catalogue names, and nothing else.
import { expect } from 'chai';
import { METRICS, type Metric } from '../../src/telemetry/catalogue.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { mixedLoad } from '../support/mixed-load.ts';
import { type Sample, scrape, sumOf } from '../support/scrape.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

/** A histogram's series, by what they end with. */
const PARTS = /_(bucket|sum|count)$/;

function familyOf(name: string): string {
  const family = name.replace(PARTS, '');
  return family in METRICS ? family : name;
}

describe('/metrics', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  after(() => Promise.all([postgres.stop(), redis.stop()]));

  describe('of one process', () => {
    let coordinator: CoordinatorProcess;
    let samples: readonly Sample[];
    let sku = '';
    let ids: readonly string[] = [];

    before(async () => {
      coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
      ({ sku, ids } = await mixedLoad(coordinator));
      // The first pass over the counters is a part of the start.
      await until('the counters are compared', async () =>
        (await scrape(coordinator.url)).some(({ name }) => name === 'holdfast_ledger_drift'),
      );
      // What is asked of PostgreSQL, and takes long, is told with the next figures.
      await until('how things stand is told', async () => {
        samples = await scrape(coordinator.url);
        return ['holdfast_transactions_open', 'holdfast_timer_jobs'].every((name) =>
          samples.some((sample) => sample.name === name),
        );
      });
    });
    after(async () => expect(await coordinator.stop()).to.equal(0));

    it('has every metric of the catalogue with its labels, and no other', () => {
      const seen = new Map<string, Set<string>>();
      for (const { name, labels } of samples) {
        const family = familyOf(name);
        const names = seen.get(family) ?? new Set();
        for (const label of Object.keys(labels)) if (label !== 'le') names.add(label);
        seen.set(family, names);
      }
      expect([...seen.keys()].sort()).to.deep.equal(Object.keys(METRICS).sort());
      for (const [name, { labels }] of Object.entries<Metric>(METRICS))
        expect([...(seen.get(name) ?? [])].sort(), name).to.deep.equal([...labels, 'worker'].sort());
    });

    it('tells what became of every transaction and unit', () => {
      const reached = (state: string, reason = '') => sumOf(samples, 'holdfast_transactions_total', { state, reason });
      expect([reached('TRIED'), reached('CONFIRMED'), reached('TRYING')]).to.deep.equal([5, 2, 3]);
      expect(reached('CANCELLED', 'requested')).to.equal(1);
      expect(reached('CANCELLED', 'expired')).to.equal(1);
      expect(reached('CANCELLED', 'insufficient-stock')).to.equal(1);
      const units = (move: string) => sumOf(samples, 'holdfast_stock_units_total', { move });
      expect(['received', 'written_off', 'adjusted_up', 'adjusted_down'].map(units)).to.deep.equal([100, 1, 2, 1]);
      expect(['reserved', 'deducted', 'released', 'refunded'].map(units)).to.deep.equal([18, 3, 9, 3]);
      expect(sumOf(samples, 'holdfast_shortages_total')).to.equal(1);
      expect(sumOf(samples, 'holdfast_ledger_drift')).to.equal(0);
      expect(sumOf(samples, 'holdfast_expiry_delay_seconds_count')).to.equal(1);
      expect(sumOf(samples, 'holdfast_transactions_open', { state: 'TRIED' })).to.equal(1);
      expect(sumOf(samples, 'holdfast_branches_waiting', { participant: 'gone' })).to.equal(1);
      expect(sumOf(samples, 'holdfast_branch_attempts_total', { participant: 'good', outcome: 'done' })).to.equal(2);
      expect(
        sumOf(samples, 'holdfast_branch_attempts_total', { participant: 'refusing', phase: 'try', outcome: 'refused' }),
      ).to.equal(1);
    });

    it('tells requests by route, answer and code', () => {
      const requests = (labels: Record<string, string>) => sumOf(samples, 'http_server_request_duration_seconds_count', labels);
      const confirm = '/v1/transactions/:id/confirm';
      expect(requests({ http_route: confirm, http_response_status_code: '200', error_type: '' })).to.equal(2);
      expect(requests({ http_route: confirm, error_type: 'unknown-transaction' })).to.equal(1);
      expect(requests({ http_route: '/v1/transactions', error_type: 'insufficient-stock' })).to.equal(1);
    });

    it('has histograms whose buckets add up', () => {
      const buckets = Map.groupBy(
        samples.filter(({ name }) => name.endsWith('_bucket')),
        ({ name, labels: { le: _le, ...labels } }) => `${name} ${JSON.stringify(labels)}`,
      );
      expect(buckets.size).to.be.above(10);
      for (const [series, cells] of buckets) {
        const values = cells.map(({ value }) => value);
        expect(values, series).to.deep.equal([...values].sort((a, b) => a - b));
        const [{ name, labels }] = cells as [Sample];
        const { le: _le, ...own } = labels;
        expect(sumOf(samples, name.replace('_bucket', '_count'), own), series).to.equal(values.at(-1));
      }
    });

    it('has no SKU and no id in any label', () => {
      const texts = samples.flatMap(({ labels }) => Object.values(labels));
      for (const secret of [sku, ...ids]) expect(texts.filter((text) => text.includes(secret))).to.deep.equal([]);
    });

    it('does not let callers make up series', async () => {
      await coordinator.request('/v1/no-such-route', { method: 'GET' });
      await coordinator.request('/v1/elsewhere', { method: 'PROPFIND' });
      const after = await scrape(coordinator.url);
      const unrouted = after.filter(({ name, labels }) => name.endsWith('_seconds_count') && labels.http_route === '');
      expect(unrouted.map(({ labels }) => [labels.http_request_method, labels.http_response_status_code])).to.have.deep.members([
        ['GET', '404'],
        ['_OTHER', '404'],
      ]);
    });

    it('leaves the hottest SKUs to a route of their own', async () => {
      const { items, windowS } = (await (await coordinator.request('/v1/operations/hottest?limit=5')).json()) as {
        readonly items: readonly { readonly sku: string }[];
        readonly windowS: number;
      };
      expect(windowS).to.equal(10);
      expect(items.length).to.be.at.most(5);
      expect((await coordinator.request('/v1/operations/hottest?limit=101')).status).to.equal(400);
    });
  });

  describe('of several workers', () => {
    it('is one answer, whoever gives it', async () => {
      const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url, WORKERS: '2' } });
      await mixedLoad(coordinator);
      let samples: readonly Sample[] = [];
      // Both have answered, and what is asked of PostgreSQL was answered in time.
      await until('all is told', async () => {
        samples = await scrape(coordinator.url);
        const has = (name: string, worker: string): boolean =>
          samples.some((one) => one.name === name && one.labels.worker === worker);
        return has('holdfast_transactions_open', '1') && has('holdfast_build_info', '1') && has('holdfast_build_info', '2');
      });
      const workersOf = (name: string): string[] =>
        [...new Set(samples.filter((sample) => sample.name === name).map(({ labels }) => labels.worker ?? ''))].sort();
      expect(workersOf('holdfast_build_info')).to.deep.equal(['1', '2']);
      // What is the same for all, the first one tells.
      expect(workersOf('holdfast_transactions_open')).to.deep.equal(['1']);
      expect(sumOf(samples, 'holdfast_stock_units_total', { move: 'received' })).to.equal(100);
      const seen = new Set(samples.map(({ name, labels }) => `${name} ${JSON.stringify(labels)}`));
      expect(seen.size, 'no series twice').to.equal(samples.length);
      expect(await coordinator.stop()).to.equal(0);
    });
  });
});
