// Holds dashboards, rules and the operations page to the catalogue of metrics (src/telemetry/catalogue.ts), and to one another.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { parse } from 'yaml';
import { METRICS, type Metric } from '../../src/telemetry/catalogue.ts';
import { readPromQL } from '../support/promql.ts';
import { dashboards, GRAFANA, panelQueries, rules } from '../support/watching.ts';

const CATALOGUE = new Map<string, Metric>(Object.entries(METRICS));
/** What Prometheus itself adds to every series. */
const EVERYWHERE = ['instance', 'job', 'worker'];
/** Series that Prometheus makes by itself. */
const OF_PROMETHEUS = new Map([
  ['up', ['instance', 'job']],
  ['ALERTS', ['alertname', 'alertstate', 'severity']],
]);
/** Read from the ledger, and so the same in every instance: a sum over them would count each as often as there are instances. */
const OF_THE_LEDGER =
  /^holdfast_(transactions_open|transactions_oldest_age_seconds|transactions_needing_attention|expiry_lag_seconds|expiry_backlog|branches_waiting|branches_overdue|timer_jobs|ledger_drift)$/;
const EVENTS = new Set(['rate', 'increase']);
const OPERATIONS = fileURLToPath(new URL('../../docs/operations.md', import.meta.url));

const recorded = new Set(rules().flatMap(({ record }) => record ?? []));

/** @returns the metric of the catalogue that a series belongs to, and null where there is none */
function metricOf(series: string): { readonly name: string; readonly metric: Metric; readonly part: string } | null {
  const own = CATALOGUE.get(series);
  if (own !== undefined) return own.kind === 'histogram' ? null : { name: series, metric: own, part: '' };
  const [, name = '', part = ''] = /^(.*)_(bucket|sum|count)$/.exec(series) ?? [];
  const metric = CATALOGUE.get(name);
  return metric?.kind === 'histogram' ? { name, metric, part } : null;
}

function labelsOf(series: string): readonly string[] | null {
  if (recorded.has(series)) return [];
  const found = metricOf(series);
  if (found === null) return OF_PROMETHEUS.get(series) ?? null;
  return [...EVERYWHERE, ...found.metric.labels, ...(found.part === 'bucket' ? ['le'] : [])];
}

/** @returns what is wrong with an expression, a sentence each */
function faultsIn(where: string, expression: string): string[] {
  const faults: string[] = [];
  const { selected, groupings } = readPromQL(expression);
  for (const { metric: series, labels, within, aggregatedBy } of selected) {
    const known = labelsOf(series);
    if (known === null) faults.push(`${where}: ${series} is not in the catalogue`);
    const strange = labels.filter((label) => !known?.includes(label));
    if (strange.length > 0) faults.push(`${where}: ${series} has no label ${strange.join(', ')}`);
    const found = metricOf(series);
    if (found === null) continue;
    const isEvents = found.metric.kind !== 'gauge';
    if (isEvents !== EVENTS.has(within)) faults.push(`${where}: ${series} is a ${found.metric.kind}, and stands in ${within}()`);
    if (OF_THE_LEDGER.test(series) && aggregatedBy !== 'max') faults.push(`${where}: ${series} is the ledger's: max() of it`);
  }
  for (const { labels, metrics } of groupings) {
    const known = metrics.flatMap((series) => labelsOf(series) ?? []);
    const strange = labels.filter((label) => !known.includes(label));
    if (strange.length > 0) faults.push(`${where}: nothing there has a label ${strange.join(', ')}`);
  }
  return faults;
}

const expressions = (): readonly { readonly where: string; readonly expression: string }[] => [
  ...panelQueries(),
  ...rules().map(({ alert, record, expr }) => ({ where: alert ?? record ?? '', expression: expr })),
];

describe('what watches', () => {
  it('asks only for what the catalogue names, by labels that it names', () => {
    expect(expressions().flatMap(({ where, expression }) => faultsIn(where, expression))).to.deep.equal([]);
  });

  it('would notice', () => {
    const faulty = [
      'rate(holdfast_nothing_total[5m])',
      'sum by (sku) (rate(holdfast_shortages_total[5m]))',
      'rate(holdfast_transactions_total{sku="A"}[5m])',
      'rate(http_server_request_duration_seconds[5m])',
      'sum(holdfast_transactions_open)',
      'sum(rate(holdfast_lane_depth[5m]))',
      'holdfast_shortages_total',
    ];
    for (const expression of faulty) expect(faultsIn('here', expression), expression).not.to.deep.equal([]);
    expect(() => readPromQL('sum(rate(')).to.throw('not PromQL');
  });

  it('shows everything that is measured', () => {
    const shown = new Set(
      panelQueries().flatMap(({ expression }) => readPromQL(expression).selected.map(({ metric }) => metricOf(metric)?.name)),
    );
    expect([...CATALOGUE.keys()].filter((name) => !shown.has(name))).to.deep.equal([]);
  });

  it('names series in legends by labels that are grouped by', () => {
    const strange = dashboards().flatMap(({ file, panels }) =>
      panels.flatMap(({ title, targets = [] }) =>
        targets.flatMap(({ expr, legendFormat }) => {
          const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1] ?? '');
          const outermost = /^(?:\w+\([\d.]+, )?\w+ by \(([^)]*)\)/.exec(expr.replace(/^\(+/, ''))?.[1]?.split(', ') ?? [];
          return named.filter((name) => !outermost.includes(name)).map((name) => `${file} ${title}: ${name}`);
        }),
      ),
    );
    expect(strange).to.deep.equal([]);
  });

  it('has dashboards that Grafana can place: one uid each, panels that do not overlap, the datasource that is provisioned', () => {
    const all = dashboards();
    expect(all.map(({ file }) => file)).to.deep.equal([
      ...['business.json', 'inventory.json', 'overview.json', 'participants.json', 'runtime.json'],
    ]);
    const provisioned = parse(readFileSync(`${GRAFANA}provisioning/datasources/datasources.yaml`, 'utf8')) as {
      readonly datasources: readonly { readonly uid: string; readonly type: string }[];
    };
    for (const { file, uid, tags, panels, templating } of all) {
      expect([uid, tags], file).to.deep.equal([`holdfast-${file.replace('.json', '')}`, ['holdfast']]);
      expect(new Set(panels.map(({ id }) => id)).size, file).to.equal(panels.length);
      for (const { title, type, datasource, gridPos } of panels) {
        expect(gridPos.x + gridPos.w, `${file} ${title}`).to.be.at.most(24);
        if (type === 'row' || type === 'text') continue;
        expect(provisioned.datasources.some((one) => one.uid === datasource?.uid && one.type === datasource.type)).to.equal(true);
      }
      const overlaps = panels.flatMap((one, index) =>
        panels.slice(index + 1).filter((other) => overlap(one.gridPos, other.gridPos)),
      );
      expect(overlaps, file).to.deep.equal([]);
      for (const { query } of templating.list) {
        const [, series, label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(typeof query === 'string' ? '' : query.query) ?? [];
        if (series !== undefined) expect(labelsOf(series), `${file} ${series}`).to.include(label);
      }
    }
  });

  it('keeps SKUs out of labels, and links to where they are', () => {
    const [panel] = dashboards()
      .filter(({ file }) => file === 'inventory.json')
      .flatMap(({ panels }) => panels.filter(({ title }) => title === 'The hottest SKUs'));
    expect(panel?.type).to.equal('text');
    expect(panel?.options?.content).to.include('/v1/operations/hottest').and.include('/console');
    expect([...CATALOGUE.values()].flatMap(({ labels }) => labels)).not.to.include('sku');
  });

  it('has a section of the operations page for each alert, and none for an alert that is not', () => {
    const page = readFileSync(OPERATIONS, 'utf8');
    const alerts = rules().flatMap((rule) => (rule.alert === undefined ? [] : [{ ...rule, alert: rule.alert }]));
    const headings = [...page.matchAll(/^#{2,4} (Holdfast\w+)$/gm)].map((match) => match[1] ?? '');
    expect(headings.toSorted()).to.deep.equal(alerts.map(({ alert }) => alert).toSorted());
    for (const { alert, annotations, labels } of alerts) {
      expect(annotations?.runbook_url, alert).to.equal(`docs/operations.md#${alert.toLowerCase()}`);
      expect(['page', 'ticket'], alert).to.include(labels?.severity);
      const section = page.split(new RegExp(`^#{2,4} ${alert}$`, 'm'))[1]?.split(/^#{2,4} /m)[0] ?? '';
      for (const part of ['**Means.**', '**Look.**', '**Do.**']) expect(section, alert).to.include(part);
    }
  });

  it('sends whoever is woken up to panels that there are', () => {
    const alerts =
      readFileSync(OPERATIONS, 'utf8')
        .split(/^## /m)
        .find((section) => section.startsWith('Alerts')) ?? '';
    const named = [...alerts.matchAll(/(?<!\*)\*([^*\n]+)\*(?!\*)/g)]
      .map((match) => match[1] ?? '')
      .filter((name) => name !== 'italics');
    const titles = new Set(dashboards().flatMap(({ panels }) => panels.map(({ title }) => title)));
    expect(named.length).to.be.greaterThan(20);
    expect(named.filter((name) => !titles.has(name))).to.deep.equal([]);
  });

  it('says in documents only names that are measured', () => {
    const page = readFileSync(OPERATIONS, 'utf8');
    const words = [...page.matchAll(/`([a-z][a-z0-9_:]*)(?:\{[^`]*\})?`/g)].map((match) => match[1] ?? '');
    const measured = words.filter((word) => /^(holdfast_|holdfast:|http_server_|db_client_|nodejs_|v8js_|process_)/.test(word));
    // Roles and logins of the database are called alike.
    const roles = ['roles', 'logins'].map((name) =>
      readFileSync(new URL(`../../sql/roles/${name}.sql`, import.meta.url), 'utf8'),
    );
    const logins = new Set(roles.flatMap((text) => text.match(/\bholdfast_\w+/g) ?? []));
    expect(measured.filter((word) => !logins.has(word))).not.to.deep.equal([]);
    expect(measured.filter((word) => labelsOf(word) === null && !CATALOGUE.has(word) && !logins.has(word))).to.deep.equal([]);
  });
});

type Place = ReturnType<typeof dashboards>[number]['panels'][number]['gridPos'];

function overlap(one: Place, other: Place): boolean {
  return one.x < other.x + other.w && other.x < one.x + one.w && one.y < other.y + other.h && other.y < one.y + one.h;
}
