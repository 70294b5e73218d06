// Owns the console's live figures: what happened each second between two readings of the figures, and how things stand at the second.
// Pure.
import type { MetricName } from '../telemetry/catalogue.ts';
import type { Figures, HistogramSeries } from '../telemetry/snapshot.ts';
import {
  ALL,
  boundsOf,
  bucketsOf,
  driftOf,
  histogramsOf,
  type Labels,
  mostOf,
  msOf,
  numbersOf,
  processesIn,
  processOf,
  quantileOf,
  sumOf,
  type Wanted,
  withLabels,
} from './figures.ts';

export interface Live {
  readonly at: string;
  readonly requestsPerS: number;
  readonly errorsPerS: number;
  /** Null where nothing was asked. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly triesPerS: number;
  readonly confirmsPerS: number;
  readonly cancelsPerS: number;
  readonly expiriesPerS: number;
  readonly reservedPerS: number;
  readonly deductedPerS: number;
  readonly laneDepth: number;
  readonly open: number;
  readonly needsAttention: number;
  readonly drift: number | null;
}

const REQUESTS = 'http_server_request_duration_seconds';

/** What callers ask for: not who probes, scrapes, or looks at the console. */
function isCallers({ http_route: route = '' }: Labels): boolean {
  return route.startsWith('/v1/');
}

function isFault({ http_response_status_code: status = '' }: Labels): boolean {
  return status.startsWith('5');
}

/** @param before an earlier reading than `after` */
export function liveOf(before: Figures, after: Figures): Live {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000);
  const perS = (count: number): number => Math.round((count / seconds) * 100) / 100;
  const risen = (name: MetricName, wanted: Wanted = ALL): number => perS(riseOf(before, after, name, wanted));
  const requests = newlyCounted(before, after, REQUESTS, isCallers);
  const counted = (all: readonly HistogramSeries[]): number => all.reduce((sum, { count }) => sum + count, 0);
  const quantile = (part: number): number | null => msOf(quantileOf(boundsOf(REQUESTS), bucketsOf(requests), part));
  const tries = newlyCounted(before, after, 'holdfast_command_duration_seconds', withLabels({ command: 'try' }));
  const cancelled = withLabels({ state: 'CANCELLED' });
  const expired = withLabels({ state: 'CANCELLED', reason: 'expired' });
  return {
    at: new Date(after.at).toISOString(),
    requestsPerS: perS(counted(requests)),
    errorsPerS: perS(counted(requests.filter(({ labels }) => isFault(labels)))),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    triesPerS: perS(counted(tries)),
    confirmsPerS: risen('holdfast_transactions_total', withLabels({ state: 'CONFIRMED' })),
    cancelsPerS: risen('holdfast_transactions_total', (labels) => cancelled(labels) && !expired(labels)),
    expiriesPerS: risen('holdfast_transactions_total', expired),
    reservedPerS: risen('holdfast_stock_units_total', withLabels({ move: 'reserved' })),
    deductedPerS: risen('holdfast_stock_units_total', withLabels({ move: 'deducted' })),
    laneDepth: sumOf(after, 'holdfast_lane_depth') ?? 0,
    open: sumOf(after, 'holdfast_transactions_open') ?? 0,
    needsAttention: mostOf(after, 'holdfast_transactions_needing_attention') ?? 0,
    drift: driftOf(after),
  };
}

/** By how much counters rose. One that fell began anew at 0 with its process. */
export function riseOf(before: Figures, after: Figures, name: MetricName, wanted: Wanted = ALL): number {
  const known = byKey(numbersOf(before, name, wanted));
  return comparable(before, numbersOf(after, name, wanted)).reduce((sum, series) => {
    const earlier = known.get(keyOf(series.labels))?.value ?? 0;
    return sum + (series.value >= earlier ? series.value - earlier : series.value);
  }, 0);
}

/** What histograms counted between two readings. */
export function newlyCounted(
  before: Figures,
  after: Figures,
  name: MetricName,
  wanted: Wanted = ALL,
): readonly HistogramSeries[] {
  const known = byKey(histogramsOf(before, name, wanted));
  return comparable(before, histogramsOf(after, name, wanted)).map((series) => {
    const earlier = known.get(keyOf(series.labels));
    if (earlier === undefined || earlier.count > series.count) return series;
    const counts = series.counts.map((count, index) => count - (earlier.counts[index] ?? 0));
    return { ...series, counts, count: series.count - earlier.count, sum: series.sum - earlier.sum };
  });
}

/** Without those of processes that the earlier reading lacks: all that they ever counted would seem to be of this second. */
function comparable<S extends HistogramSeries | { readonly labels: Labels; readonly value: number }>(
  before: Figures,
  all: readonly S[],
): readonly S[] {
  const known = processesIn(before);
  return all.filter((series) => known.has(processOf(series)));
}

function byKey<S extends { readonly labels: Labels }>(all: readonly S[]): ReadonlyMap<string, S> {
  return new Map(all.map((series) => [keyOf(series.labels), series]));
}

function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}
