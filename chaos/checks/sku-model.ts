// Owns the check of every SKU against a sequential model: its counters start at nothing, change by the steps that the ledger's rows
// tell, end as the stock row says, and never were what somebody was told that they could not be. Nothing is sold twice (I2).
//
// What is tight: the end; what there is in all at every version; that a version has one meaning, and that versions grow with time; a
// counter that must have been below 0. What is permissive: reads, by the steps that may have been stored at their moment or not
// (sku-timeline.ts), and every comparison of moments by CLOCK_SLACK_MS.
import type { Evidence, StockRow } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';
import { collectorOf } from './finding.ts';
import { CLOCK_SLACK_MS } from './moments.ts';
import { type Observation, observationsOf } from './sku-observations.ts';
import { stepsOf } from './sku-steps.ts';
import { COUNTERS, type Counters, noSteps, SkuTimeline } from './sku-timeline.ts';
import { type Books, booksOf, contradictionIn } from './stock-books.ts';
import { stockKey } from './told.ts';

type Violate = (text: string, atMs: number | null) => void;

export function checkSkuModel(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'per-SKU model', 'Per SKU, all that happened and was seen fits one sequence');
  const steps = stepsOf(evidence);
  const observations = observationsOf(evidence);
  const books = booksOf(evidence);
  const rows = new Map(evidence.stock.map((row) => [stockKey(row), row]));
  const keys = new Set([...steps.keys(), ...observations.keys(), ...rows.keys()]);
  let [allSteps, seen] = [0, 0];
  for (const key of keys) {
    const violate = (text: string, atMs: number | null): void => collector.violate(`${key.replace(' ', ' in ')}: ${text}`, atMs);
    const timeline = new SkuTimeline(steps.get(key) ?? noSteps());
    const observed = observations.get(key) ?? [];
    allSteps += timeline.size;
    seen += observed.length;
    checkEnd(timeline, rows.get(key), violate);
    checkNeverOverdrawn(timeline, violate);
    for (const observation of observed) checkObservation(observation, timeline, books.get(key), violate);
    checkVersions(observed, rows.get(key), violate);
  }
  collector.examine(allSteps + seen);
  const count = (value: number): string => value.toLocaleString('en');
  return collector.finding(`${count(allSteps)} steps of ${count(keys.size)} counters, seen ${count(seen)} times`);
}

/** All steps together come to the stock row, and so does its version. */
function checkEnd(timeline: SkuTimeline, row: StockRow | undefined, violate: Violate): void {
  if (row === undefined) {
    if (timeline.size > 0) violate(`${timeline.size} changes of a stock that is not there`, null);
    return;
  }
  const end = timeline.final();
  for (const counter of COUNTERS) {
    if (row[counter] !== end[counter])
      violate(`${row[counter]} ${counter} in the end, where its changes come to ${end[counter]}`, null);
  }
  const { least, most } = timeline.versionBounds(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  if (row.version < least || row.version > most)
    violate(`version ${row.version} in the end, where its changes come to ${least} to ${most}`, null);
}

function checkNeverOverdrawn(timeline: SkuTimeline, violate: Violate): void {
  for (const counter of COUNTERS) {
    for (const { atMs, most } of timeline.overdrawn(counter)) violate(`at most ${most} can have been ${counter}`, atMs);
  }
}

function checkObservation(observation: Observation, timeline: SkuTimeline, books: Books | undefined, violate: Violate): void {
  const { sku, warehouse, told, version, fromMs, toMs, witness } = observation;
  if (!timeline.canBe(told, fromMs, toMs)) violate(`${witness()}: ${tell(told)}, ${whatCouldBe(observation, timeline)}`, toMs);
  if (version === null) return;
  const { available = 0, reserved = 0, deducted = 0 } = told;
  const contradiction = contradictionIn(books, { sku, warehouse, available, reserved, deducted, version });
  if (contradiction !== null) violate(`${witness()}: ${tell(told)}, but ${contradiction}`, toMs);
  const { least, most } = timeline.versionBounds(fromMs, toMs);
  if (version < least || version > most) violate(`${witness()}: version ${version}, where ${least} to ${most} could be`, toMs);
}

function tell(told: Partial<Counters>): string {
  return COUNTERS.filter((counter) => told[counter] !== undefined)
    .map((counter) => `${told[counter]} ${counter}`)
    .join(', ');
}

function whatCouldBe({ told, fromMs, toMs }: Observation, timeline: SkuTimeline): string {
  const bounds = COUNTERS.filter((counter) => told[counter] !== undefined).map((counter) => {
    const { least, most } = timeline.boundsOf(counter, fromMs, toMs);
    const value = told[counter] ?? 0;
    return { isWithin: least <= value && value <= most, words: `${least} to ${most} ${counter}` };
  });
  const all = `where ${bounds.map(({ words }) => words).join(', ')} could be`;
  return bounds.every(({ isWithin }) => isWithin) ? `${all}, but not just these together` : all;
}

/** A version means the same to everybody; and nobody sees an earlier one after somebody was told of a later one. */
function checkVersions(observed: readonly Observation[], row: StockRow | undefined, violate: Violate): void {
  const versioned = observed.filter((observation) => observation.version !== null);
  const meanings = new Map<number | null, string>(row === undefined ? [] : [[row.version, tell(countersOf(row))]]);
  for (const { version, told, witness, toMs } of versioned) {
    const meaning = meanings.get(version);
    if (meaning === undefined) meanings.set(version, tell(told));
    else if (meaning !== tell(told)) violate(`${witness()}: ${tell(told)} at version ${version}, which was ${meaning}`, toMs);
  }
  const known = versioned.filter(({ knownMs }) => Number.isFinite(knownMs)).toSorted((a, b) => a.knownMs - b.knownMs);
  let [next, latest] = [0, 0];
  for (const { fromMs, toMs, version, witness } of versioned.toSorted((a, b) => a.fromMs - b.fromMs)) {
    for (; (known[next]?.knownMs ?? Number.POSITIVE_INFINITY) < fromMs - CLOCK_SLACK_MS; next += 1) {
      latest = Math.max(latest, known[next]?.version ?? 0);
    }
    if ((version ?? 0) < latest) violate(`${witness()}: version ${version}, after ${latest} had been told`, toMs);
  }
}

function countersOf({ available, reserved, deducted }: StockRow): Counters {
  return { available, reserved, deducted };
}
