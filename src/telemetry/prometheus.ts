// Owns the text that Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/ (version 0.0.4). Pure.
import { METRICS, type Metric, type MetricName } from './catalogue.ts';
import type { Figures, HistogramSeries, NumberSeries, Series } from './snapshot.ts';

export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** @param figures of one or of several processes */
export function prometheusText({ series }: Figures): string {
  const names = Object.keys(METRICS) as MetricName[];
  return names.map((name) => familyOf(name, METRICS[name], series[name] ?? [])).join('');
}

function familyOf(name: string, { kind, help, buckets = [] }: Metric, all: readonly Series[]): string {
  if (all.length === 0) return '';
  const lines = all.map((series) =>
    'counts' in series ? histogramLines(name, series, buckets) : `${name}${labelsOf(series.labels)} ${numberOf(series)}`,
  );
  return `# HELP ${name} ${help.replace(/[\\\n]/g, (found) => (found === '\n' ? '\\n' : '\\\\'))}\n# TYPE ${name} ${kind}\n${lines.join('\n')}\n`;
}

function histogramLines(name: string, { labels, count, sum, counts }: HistogramSeries, bounds: readonly number[]): string {
  let below = 0;
  const lines = bounds.map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket${labelsOf({ ...labels, le: String(bound) })} ${below}`;
  });
  return [
    ...lines,
    `${name}_bucket${labelsOf({ ...labels, le: '+Inf' })} ${count}`,
    `${name}_sum${labelsOf(labels)} ${sum}`,
    `${name}_count${labelsOf(labels)} ${count}`,
  ].join('\n');
}

function numberOf({ value }: NumberSeries): string {
  return Number.isNaN(value) ? 'NaN' : String(value).replace('Infinity', 'Inf');
}

function labelsOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n' };

function escaped(value: string): string {
  return value.replace(/[\\"\n]/g, (found) => ESCAPES[found] ?? found);
}
