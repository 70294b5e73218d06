// Owns the form in which figures are handed around: every series of every process of this instance at one moment. /metrics writes
// it out for Prometheus; the console reads it.
import type { MetricName } from './catalogue.ts';

export interface NumberSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly count: number;
  readonly sum: number;
  /** How many were counted in each bucket of the catalogue, one more at the end for what was beyond the last; not cumulative. */
  readonly counts: readonly number[];
}

export type Series = NumberSeries | HistogramSeries;

/** What a process, or all of an instance, measured. */
export interface Figures {
  /** In ms since 1970, by this process's clock. */
  readonly at: number;
  readonly series: { readonly [Name in MetricName]?: readonly Series[] };
}

/** Asks every process of this instance. One that does not answer within a second is left out. */
export type ReadFigures = () => Promise<Figures>;
