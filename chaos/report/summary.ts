// Owns what a report says: what was done in a run, what was broken, what callers met, which invariants held, and the verdict.
import { isHeld } from '../checks/check.ts';
import type { Evidence } from '../evidence/evidence.ts';
import type { Finding, LivenessRecord, PeriodRecord } from '../record.ts';
import { countCalls, countOperations, type Operations, type ParticipantCalls } from './counts.ts';
import { type Series, startSeries } from './series.ts';
import type { Service } from './service.ts';
import { stretchesOf } from './stretches.ts';

/** Moments are milliseconds since the start of the run. */
export interface Report {
  readonly seed: number;
  /** The only moment since 1970. */
  readonly startedMs: number;
  /** How long faults were asked for. */
  readonly durationMs: number;
  /** From the start to the last thing that was written down. */
  readonly lastedMs: number;
  readonly instances: number;
  readonly sabotage: string | null;
  /** The kinds that could strike. */
  readonly faultKinds: readonly string[];
  readonly operations: Operations;
  readonly calls: readonly ParticipantCalls[];
  /** In the order of their beginnings. */
  readonly faults: readonly ReportedFault[];
  readonly leftOut: readonly { readonly kind: string; readonly why: string }[];
  readonly periods: readonly ReportedPeriod[];
  /** What callers met in all periods of a name, and while faults of a kind lasted. */
  readonly byPeriod: readonly Stretch[];
  readonly byFault: readonly Stretch[];
  readonly invariants: readonly ReportedFinding[];
  readonly liveness: ReportedLiveness | null;
  readonly course: Series;
  /** Kinds that were asked for, could have struck, and had no turn. */
  readonly neverStruck: readonly string[];
  /** `not examined` where nothing broke, and something could not have been seen to break. */
  readonly verdict: 'held' | 'broken' | 'not examined';
}

export interface ReportedFault {
  readonly kind: string;
  readonly target: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly note: string | null;
}

export interface ReportedPeriod extends Service {
  readonly name: PeriodRecord['name'];
  readonly faults: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** What stretches of time that have something in common were like. */
export interface Stretch extends Service {
  readonly name: string;
  readonly times: number;
  /** All together; time that two of them share is counted once. */
  readonly lastedMs: number;
}

export interface ReportedFinding extends Finding {
  readonly held: boolean;
}

export interface ReportedLiveness extends Omit<LivenessRecord, 'type' | 'healedMs' | 'settledMs'> {
  readonly healedMs: number;
  readonly settledMs: number | null;
}

/** Works out the report from the evidence alone: the same evidence gives the same report. */
export function summarize(evidence: Evidence, findings: readonly Finding[]): Report {
  const { run, liveness } = evidence;
  const since = (atMs: number): number => Math.round((atMs - run.startedMs) * 1_000) / 1_000;
  const lastedMs = endOf(evidence) - run.startedMs;
  const invariants = findings.map((finding) => ({ ...finding, held: isHeld(finding) }));
  const faults = evidence.faults.toSorted((a, b) => a.fromMs - b.fromMs);
  return {
    seed: run.seed,
    startedMs: run.startedMs,
    durationMs: run.durationMs,
    lastedMs,
    instances: run.instances,
    sabotage: run.sabotage,
    faultKinds: run.faults,
    operations: countOperations(evidence.operations, findings),
    calls: countCalls(run.participants, evidence.calls),
    faults: faults.map(({ kind, target, fromMs, toMs, note }) => ({
      kind,
      target,
      fromMs: since(fromMs),
      toMs: since(toMs),
      note,
    })),
    leftOut: run.leftOut,
    ...measureService(evidence, lastedMs, since),
    invariants,
    liveness: liveness === null ? null : reportedLiveness(liveness, since),
    neverStruck: run.faults.filter((kind) => !faults.some((fault) => fault.kind === kind)),
    verdict: verdictOf(invariants),
  };
}

function verdictOf(invariants: readonly ReportedFinding[]): Report['verdict'] {
  if (invariants.some(({ violations }) => violations > 0)) return 'broken';
  return invariants.length > 0 && invariants.every(({ held }) => held) ? 'held' : 'not examined';
}

function reportedLiveness({ type: _, ...record }: LivenessRecord, since: (atMs: number) => number): ReportedLiveness {
  const { healedMs, settledMs } = record;
  return { ...record, healedMs: since(healedMs), settledMs: settledMs === null ? null : since(settledMs) };
}

function endOf({ run, operations, periods, faults }: Evidence): number {
  let endMs = run.startedMs;
  for (const { endedMs } of operations) endMs = Math.max(endMs, endedMs);
  for (const { toMs } of [...periods, ...faults]) endMs = Math.max(endMs, toMs);
  return endMs;
}

function measureService(
  evidence: Evidence,
  lastedMs: number,
  since: (atMs: number) => number,
): Pick<Report, 'periods' | 'byPeriod' | 'byFault' | 'course'> {
  const { run, operations } = evidence;
  const periods = evidence.periods.toSorted((a, b) => a.fromMs - b.fromMs);
  const each = stretchesOf(periods.map((period) => ({ ...period, name: period })));
  const together = stretchesOf(periods);
  const underFaults = stretchesOf(evidence.faults.map(({ kind, ...window }) => ({ ...window, name: kind })));
  const course = startSeries(run.startedMs, lastedMs);
  for (const operation of operations) {
    if (operation.isFlood) continue;
    for (const counted of [each, together, underFaults, course]) counted.add(operation);
  }
  return {
    periods: [...each.services()].map(([{ name, faults, fromMs, toMs }, { service }]) => {
      return { name, faults, fromMs: since(fromMs), toMs: since(toMs), ...service };
    }),
    byPeriod: stretches(together, (name) => periods.filter((period) => period.name === name).length),
    byFault: stretches(underFaults, (kind) => evidence.faults.filter((fault) => fault.kind === kind).length).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    ),
    course: course.series(),
  };
}

function stretches(counted: ReturnType<typeof stretchesOf<string>>, timesOf: (name: string) => number): Stretch[] {
  return [...counted.services()].map(([name, { lastedMs, service }]) => ({ name, times: timesOf(name), lastedMs, ...service }));
}
