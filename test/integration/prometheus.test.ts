// Owns the proof that what Grafana asks has answers: a real Prometheus scrapes a live coordinator under a mixed load, and every query of
// every panel and every rule is put to it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type EventfulLoad, startEventfulLoad } from '../support/eventful-load.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';
import { runTool, toolOrSkip } from '../support/tools.ts';
import { panelQueries, rules } from '../support/watching.ts';

/** Panels that may show nothing in this run, with the reason. */
const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  'overview: Alerts that fire': 'where all is well, none does',
  'runtime: Batches that failed': 'a quiet run has no batch that fails',
};
/** The name is OpenTelemetry's. */
const ADVICE_NOT_TAKEN = ['db_client_connection_count non-histogram and non-summary metrics should not have "_count" suffix'];
/** More than one scrape on either side of what a rate needs, and a pass of the slowest figure. */
const DATA_WITHIN_MS = 30_000;

describe('a real Prometheus', function () {
  this.timeout(120_000);
  let promtool = '';
  let servers: TestServer[] = [];
  let coordinator: CoordinatorProcess;
  let prometheus: Prometheus;
  let load: EventfulLoad;

  before(async function () {
    const program = toolOrSkip(this, 'prometheus', 'prometheus');
    promtool = toolOrSkip(this, 'promtool', 'prometheus');
    const [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    servers = [postgres, redis];
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url, WORKERS: '2' } });
    load = await startEventfulLoad(coordinator.url);
    prometheus = await startPrometheus(program, [coordinator.url]);
  });
  after(async () => {
    await load?.stop();
    await prometheus?.stop();
    await coordinator?.stop();
    await Promise.all(servers.map((server) => server.stop()));
  });

  it('scrapes it', async () => {
    await until('it is up', async () => (await prometheus.query('up{job="holdfast"} == 1')).length === 1);
  });

  it('has an answer to every query of every panel', async () => {
    const empty = async (): Promise<string[]> => {
      const found = panelQueries().map(async ({ where, expression }) => {
        const samples = await prometheus.query(expression);
        return samples.some(({ value }) => !Number.isNaN(value)) ? [] : [`${where}: ${expression}`];
      });
      return (await Promise.all(found))
        .flat()
        .filter((words) => !Object.keys(MAY_BE_EMPTY).some((where) => words.startsWith(where)));
    };
    const places = new Set(panelQueries().map(({ where }) => where));
    expect(Object.keys(MAY_BE_EMPTY).filter((where) => !places.has(where))).to.deep.equal([]);
    let left = await empty();
    const begin = performance.now();
    while (left.length > 0 && performance.now() - begin < DATA_WITHIN_MS) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      left = await empty();
    }
    expect(left).to.deep.equal([]);
  });

  it('can work out every rule, and finds nothing wrong with a ledger that is right', async () => {
    for (const { expr } of rules()) await prometheus.query(expr);
    expect(await prometheus.query('max(abs(holdfast_ledger_drift)) > 0')).to.deep.equal([]);
    const pages = await prometheus.query('ALERTS{severity="page"}');
    // Callers here wait for participants that fail, which is slow by design; the load is short, so that alert is only pending.
    const wrong = pages.filter(
      ({ metric }) => metric.alertname !== 'HoldfastLatencyBudgetFast' || metric.alertstate === 'firing',
    );
    expect(wrong.map(({ metric }) => metric.alertname)).to.deep.equal([]);
  });

  it('has no fault to find with the form of /metrics', async () => {
    const response = await coordinator.request('/metrics');
    expect(response.headers.get('content-type')).to.match(/^text\/plain; *version=0\.0\.4/);
    const file = join(await makeFolderForTheRun(), 'metrics');
    writeFileSync(file, await response.text());
    const { output } = runTool('/bin/sh', ['-euc', `"$1" check metrics < "$2"`, 'check', promtool, file]);
    expect(output.trim().split('\n')).to.deep.equal(ADVICE_NOT_TAKEN);
  });
});
