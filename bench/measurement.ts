// Owns one measured run as a value, and the arithmetic over several: medians, and ratios within a round.
import type { SystemName } from './system.ts';

export type Scenario = 'uniform' | 'zipf' | 'hot' | 'sold-out' | 'branches' | 'bare calls' | 'batch whole' | 'batch minimal';

export interface Measurement {
  readonly system: SystemName;
  readonly scenario: Scenario;
  readonly connections: number;
  readonly round: number;
  /** Requests; operations where they come in batches; calls to participants where they are bare. */
  readonly perSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number;
  readonly maxMs: number | null;
  /** Answers that the load does not expect, and connections that broke. */
  readonly unexpected: number;
  readonly generator: string;
  /** Of one core; null where the generator is a process of its own. */
  readonly clientCpuShare: number | null;
}

/** Whose runs are meant; all of their rounds together. */
export interface Series {
  readonly system: SystemName;
  readonly scenario: Scenario;
  readonly connections: number;
}

/** @returns NaN of nothing */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function ofSeries(all: readonly Measurement[], series: Series): Measurement[] {
  return all.filter(
    ({ system, scenario, connections }) =>
      system === series.system && scenario === series.scenario && connections === series.connections,
  );
}

/** The median over the rounds of one series' speed over the other's in the same round: drift of the machine falls out. */
export function ratio(all: readonly Measurement[], above: Series, below: Series): number {
  const others = new Map(ofSeries(all, below).map(({ round, perSecond }) => [round, perSecond]));
  const ratios = ofSeries(all, above).map(({ round, perSecond }) => perSecond / (others.get(round) ?? Number.NaN));
  return median(ratios.filter((value) => !Number.isNaN(value)));
}
