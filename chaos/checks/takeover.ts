// Owns the checks that what a dead coordinator began is finished by another, and that a paused one does no harm (I11).
import type { Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { FaultRecord, Finding } from '../record.ts';
import { attemptsByBranch, examineAttempts } from './attempts.ts';
import { type Collector, collectorOf } from './finding.ts';
import { reportSamples } from './samples.ts';
import { isCoordinatorFault, isFaultOf, isNoExcuse, isRedisFault, type Stretch, type Windows, windowsOf } from './windows.ts';

const TAKE_OVER_MS = 10_000;
/** Of the delays between two attempts (see RunRecord.retryMaxMs). */
const JITTER = 1.25;
/** For the calls and the commits themselves, on a machine that has more to do than it can. */
const MARGIN_MS = 1_000;
/** How long what struck somebody else is felt afterwards. */
const AFTERMATH_MS = 6_000;

/**
 * I11: by every coordinator that was killed, stopped or paused. What examines it are those that were away for longer than the bound, in
 * a time that nothing else excuses: whoever is back sooner goes on with its own work itself.
 */
export function checkTakeOver(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I11', 'What a dead coordinator began is finished by another within its bound');
  const faults = evidence.faults.filter(isCoordinatorFault);
  const judges = faults.map((fault) => judgeOf(fault, evidence));
  let underWay = 0;
  for (const row of evidence.transactions.values()) {
    if (row.branchCount === 0) continue;
    for (const judge of judges) if (judge(row, collector)) underWay += 1;
  }
  reportSamples(evidence, 'I11', collector);
  const count = underWay.toLocaleString('en');
  return collector.finding(
    `${judges.length} coordinators killed, stopped or paused, while ${count} transactions with branches were under way; examined are those whose coordinator was away for as long as others may take`,
  );
}

/** I11, its other half: a paused coordinator that wakes up does no harm, which would show in what every branch was asked. */
export function checkOneAtATime(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'fence', 'A branch is asked by one at a time, and each reply is counted once');
  const attempts = attemptsByBranch(evidence);
  for (const row of evidence.transactions.values()) {
    if (row.branchCount === 0) continue;
    collector.examine();
    examineAttempts(row, attempts, collector);
  }
  return collector.finding(`${evidence.attempts.length.toLocaleString('en')} attempts`);
}

/**
 * Whoever was under way when a coordinator died goes on within 10 s and one retry. Time in which anybody else whom it needs was in
 * trouble does not count.
 * @returns says whether a transaction was under way then
 */
function judgeOf(fault: FaultRecord, { faults, run }: Evidence): (row: TransactionRow, collector: Collector) => boolean {
  const boundMs = TAKE_OVER_MS + run.retryMaxMs * JITTER + MARGIN_MS;
  const excuses = excusesOf(
    faults.filter((other) => other !== fault && !isRedisFault(other) && !isNoExcuse(other)),
    run.participants,
    boundMs,
  );
  // A single coordinator is its own successor, from its return on.
  const isAlone = run.instances === 1;
  const fromMs = isAlone ? fault.toMs : fault.fromMs;
  return (row, collector) => {
    const wentOnMs = whenItWentOn(row, fault.fromMs);
    if (wentOnMs === null) return false;
    const windows = excuses(row);
    if (isAlone || windows.calmMs(fault.fromMs, fault.toMs) >= boundMs) collector.examine();
    if (wentOnMs > fromMs && windows.calmMs(fromMs, wentOnMs) > boundMs) {
      const tookMs = wentOnMs - fromMs;
      const when = Number.isFinite(tookMs) ? `went on ${Math.round(tookMs)} ms after` : 'never went on after';
      collector.violate(`${row.id} ${when} ${fault.kind} of ${fault.target}`, fromMs + boundMs);
    }
    return true;
  };
}

/**
 * What keeps a transaction from going on, by its participants. The death of one more coordinator does as long as it may take others to
 * take over from that one too.
 */
function excusesOf(
  faults: readonly FaultRecord[],
  participants: readonly string[],
  boundMs: number,
): (row: TransactionRow) => Windows {
  const felt = (fault: FaultRecord): Stretch => {
    const { fromMs, toMs } = fault;
    return { fromMs, toMs: Math.max(toMs + AFTERMATH_MS, isCoordinatorFault(fault) ? fromMs + boundMs : 0) };
  };
  const known = new Map<string, Windows>();
  return ({ branches }) => {
    const own = new Set(branches.map(({ participant }) => participant));
    const key = [...own].toSorted().join(' ');
    const others = participants.filter((participant) => !own.has(participant));
    const windows =
      known.get(key) ??
      windowsOf(faults.filter((fault) => !others.some((participant) => isFaultOf(fault, participant))).map(felt));
    known.set(key, windows);
    return windows;
  };
}

/**
 * @returns when what was under way at a moment ended: the Try of its branches, or the second phase; ∞ where it never did, and null where
 *   nothing was under way
 */
function whenItWentOn({ state, createdMs, decidedMs, events }: TransactionRow, atMs: number): number | null {
  if (createdMs > atMs) return null;
  const whenMs = (name: string): number | null => events.find(({ event }) => event === name)?.atMs ?? null;
  // What needed nobody, such as a Try that was refused for lack of stock, was at its end as soon as it was decided.
  const isEnded = state === 'CONFIRMED' || state === 'CANCELLED';
  const wentOnMs =
    decidedMs !== null && decidedMs <= atMs
      ? (whenMs('BRANCHES_SETTLED') ?? (isEnded ? decidedMs : null))
      : (whenMs('BRANCHES_TRIED') ?? decidedMs);
  if (wentOnMs === null) return Number.POSITIVE_INFINITY;
  return wentOnMs < atMs ? null : wentOnMs;
}
