// Owns what the figures must show, and the verdict on each.
import { type Measurement, median, ofSeries, ratio, type Series } from './measurement.ts';

export interface Verdict {
  readonly target: string;
  readonly measured: string;
  /** Null where it was not measured. */
  readonly met: boolean | null;
}

export interface WritesPerRefusal {
  readonly transactionIds: number;
  readonly walBytes: number;
}

export const BATCH_CONNECTIONS = 4;
/** The smallest record of PostgreSQL's write-ahead log: less than this for each refusal is no write for each. */
const SMALLEST_RECORD_BYTES = 24;

/** A verdict on one number, which NaN says was not measured. */
export function verdict(target: string, value: number, unit: string, met: (value: number) => boolean, digits = 2): Verdict {
  if (Number.isNaN(value)) return { target, measured: 'not measured', met: null };
  const shown = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return { target, measured: `${shown}${unit}`, met: met(value) };
}

/** @returns one verdict for each target of the quick bench */
export function verdicts(all: readonly Measurement[], writes: WritesPerRefusal | null): Verdict[] {
  const at128 = (system: Series['system'], scenario: Series['scenario']): Series => ({ system, scenario, connections: 128 });
  const uniform = at128('holdfast', 'uniform');
  const batch = (scenario: Series['scenario']): number =>
    median(ofSeries(all, { system: 'holdfast', scenario, connections: BATCH_CONNECTIONS }).map(({ perSecond }) => perSecond));
  const unexpected = all.filter(({ system }) => system === 'holdfast').reduce((sum, run) => sum + run.unexpected, 0);
  return [
    verdict(
      '128 connections: ≥ 0.5 × the ceiling (aim 0.7)',
      ratio(all, uniform, at128('ceiling', 'uniform')),
      ' ×',
      (x) => x >= 0.5,
    ),
    verdict('128 connections: ≥ 5 × the baseline', ratio(all, uniform, at128('baseline', 'uniform')), ' ×', (x) => x >= 5, 1),
    verdict('128 connections: p99 < 50 ms', median(ofSeries(all, uniform).map(({ p99Ms }) => p99Ms)), ' ms', (x) => x < 50, 1),
    verdict('one hot SKU: ≥ 0.85 × uniform', ratio(all, at128('holdfast', 'hot'), uniform), ' ×', (x) => x >= 0.85),
    verdict(
      'sold out: refusals ≥ 0.6 × the ceiling',
      ratio(all, at128('holdfast', 'sold-out'), at128('ceiling', 'sold-out')),
      ' ×',
      (x) => x >= 0.6,
    ),
    verdict('sold out: no write per refusal (transaction ids)', writes?.transactionIds ?? Number.NaN, '', (x) => x < 0.001, 5),
    verdict(
      'sold out: no write per refusal (log)',
      writes?.walBytes ?? Number.NaN,
      ' bytes',
      (x) => x < SMALLEST_RECORD_BYTES,
      1,
    ),
    verdict('/v1/batch of 500, whole: ≥ 20,000 operations/s', batch('batch whole'), '/s', (x) => x >= 20_000, 0),
    verdict('/v1/batch of 500, minimal: ≥ 30,000 operations/s', batch('batch minimal'), '/s', (x) => x >= 30_000, 0),
    verdict(
      'no unexpected answer',
      all.some(({ system }) => system === 'holdfast') ? unexpected : Number.NaN,
      '',
      (x) => x === 0,
      0,
    ),
  ];
}
