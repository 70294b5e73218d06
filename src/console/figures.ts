// Owns the reading of figures: picking series by their labels, and putting those of several processes together. Pure.
import { METRICS, type Metric, type MetricName } from '../telemetry/catalogue.ts';
import type { Figures, HistogramSeries, NumberSeries, Series } from '../telemetry/snapshot.ts';

export type Labels = Readonly<Record<string, string>>;
/** What a series must look like to be counted. */
export type Wanted = (labels: Labels) => boolean;

export const ALL: Wanted = () => true;

export function withLabels(wanted: Labels): Wanted {
  return (labels) => Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

export function numbersOf({ series }: Figures, name: MetricName, wanted: Wanted = ALL): readonly NumberSeries[] {
  return (series[name] ?? []).filter((one): one is NumberSeries => 'value' in one && wanted(one.labels));
}

export function histogramsOf({ series }: Figures, name: MetricName, wanted: Wanted = ALL): readonly HistogramSeries[] {
  return (series[name] ?? []).filter((one): one is HistogramSeries => 'counts' in one && wanted(one.labels));
}

/** @returns null where nobody tells */
export function sumOf(figures: Figures, name: MetricName, wanted: Wanted = ALL): number | null {
  const found = numbersOf(figures, name, wanted);
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + value, 0);
}

/** @returns null where nobody tells */
export function mostOf(figures: Figures, name: MetricName, wanted: Wanted = ALL): number | null {
  const found = numbersOf(figures, name, wanted);
  return found.length === 0 ? null : Math.max(...found.map(({ value }) => value));
}

/** Which values a label has, sorted. */
export function valuesOf({ series }: Figures, name: MetricName, label: string): readonly string[] {
  return [...new Set((series[name] ?? []).map(({ labels }) => labels[label] ?? ''))].sort();
}

/** How many processes these figures are of: each tells that it is there. */
export function processesIn(figures: Figures): ReadonlySet<string> {
  return new Set(Object.values(figures.series).flatMap((all: readonly Series[]) => all.map(processOf)));
}

/** Which process a series comes from; the telemetry labels each with it. */
export function processOf({ labels }: Series): string {
  return labels.worker ?? '';
}

/** Units by which counters differ from their rows; null while no pass has ended. */
export function driftOf(figures: Figures): number | null {
  const found = numbersOf(figures, 'holdfast_ledger_drift');
  return found.length === 0 ? null : found.reduce((sum, { value }) => sum + Math.abs(value), 0);
}

/** How many were counted in each bucket, over all series. */
export function bucketsOf(all: readonly HistogramSeries[]): readonly number[] {
  const sums: number[] = [];
  for (const { counts } of all)
    counts.forEach((count, index) => {
      sums[index] = (sums[index] ?? 0) + count;
    });
  return sums;
}

export function boundsOf(name: MetricName): readonly number[] {
  const { buckets = [] }: Metric = METRICS[name];
  return buckets;
}

/**
 * Where in the buckets a quantile lies, evenly spread within its bucket, as Prometheus's histogram_quantile tells it.
 * @param bounds the upper bounds of the buckets, ascending
 * @param counts how many are in each, one more at the end for what is beyond the last bound
 * @param quantile above 0, up to 1
 * @returns null where nothing was counted; the last bound where it lies beyond
 */
export function quantileOf(bounds: readonly number[], counts: readonly number[], quantile: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total <= 0) return null;
  const rank = quantile * total;
  let below = 0;
  for (const [index, bound] of bounds.entries()) {
    const count = counts[index] ?? 0;
    if (below + count >= rank && count > 0) {
      const lower = index === 0 ? 0 : (bounds[index - 1] ?? 0);
      return lower + ((bound - lower) * (rank - below)) / count;
    }
    below += count;
  }
  return bounds.at(-1) ?? null;
}

/** As milliseconds to a tenth. */
export function msOf(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 10_000) / 10;
}
