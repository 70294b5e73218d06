// Owns the checks of releases: losing Redis changes no outcome, and makes a release no later than the sweep would (I10); with Redis
// there, it is no later than its timer (contract, rule 5).
import type { Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { FaultRecord, Finding } from '../record.ts';
import { collectorOf } from './finding.ts';
import { isFaultOf, isNoExcuse, isRedisFault, type Stretch, type Windows, windowsOf } from './windows.ts';

/** With Redis down a release is at most so late, and with Redis there so late (contract, rule 5). */
const SWEEP_BOUND_MS = 5_000;
const TIMER_BOUND_MS = 1_000;
/**
 * For the commit that carries it, on a machine that has more to do than it can: the load never pauses. The contract's own figures are
 * held on a machine that is not driven so (test/integration/expiry.test.ts).
 */
const MARGIN_MS = 1_500;
/** How long what struck is felt afterwards: a connection comes back, a lock of one that was paused is given up. */
const AFTERMATH_MS = 5_000;

/**
 * I10: whatever was due while Redis was in trouble is released in time, and whatever was under way then has reached its end. Time in
 * which others than Redis and participants were in trouble does not count. What examines it is what was due while Redis was away for
 * longer than the bound, and nothing else was: there the sweep alone was left.
 */
export function checkWithoutRedis(evidence: Evidence): Finding {
  const { faults, transactions } = evidence;
  const collector = collectorOf(evidence, 'I10', 'Losing Redis changes no outcome, and no release is more than 5 s late');
  const redisFaults = faults.filter(isRedisFault);
  const troubles = windowsOf(redisFaults, SWEEP_BOUND_MS);
  const away = windowsOf(faults.filter(isRedisAway));
  const excuses = excusesOf(evidence);
  const boundMs = SWEEP_BOUND_MS + MARGIN_MS;
  let due = 0;
  for (const row of transactions.values()) {
    const { id, state, createdMs, updatedMs, expiresMs } = row;
    if (!troubles.touch(createdMs, updatedMs)) continue;
    if (state !== 'CONFIRMED' && state !== 'CANCELLED') collector.violate(`${id} is ${state} for good`, updatedMs);
    const releasedMs = releaseOf(row);
    if (releasedMs === null || !troubles.touch(expiresMs, expiresMs)) continue;
    due += 1;
    const isSweepAlone = away.calmMs(expiresMs, expiresMs + boundMs) < 1;
    if (isSweepAlone && !excuses.touch(expiresMs, expiresMs + boundMs)) collector.examine();
    if (excuses.calmMs(expiresMs, releasedMs) > boundMs)
      collector.violate(`${id} was released ${Math.round(releasedMs - expiresMs)} ms after its deadline`, releasedMs);
  }
  const count = due.toLocaleString('en');
  return collector.finding(
    `Redis was in trouble ${redisFaults.length} times; ${count} releases were due then; examined are those for which it was away, and nothing else in trouble, for as long as they may take`,
  );
}

/** Contract, rule 5, where nothing was in trouble, Redis least of all. */
export function checkOnTime(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'rule 5', 'With Redis there, no release is more than 1 s late');
  const redis = evidence.faults.filter(isRedisFault).map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs + AFTERMATH_MS }));
  const troubles = windowsOf([...stretchesOf(evidence), ...redis]);
  const boundMs = TIMER_BOUND_MS + MARGIN_MS;
  let latestMs = 0;
  for (const row of evidence.transactions.values()) {
    const releasedMs = releaseOf(row);
    if (releasedMs === null || troubles.touch(row.expiresMs, row.expiresMs + boundMs)) continue;
    collector.examine();
    const lateMs = releasedMs - row.expiresMs;
    latestMs = Math.max(latestMs, lateMs);
    if (lateMs > boundMs) collector.violate(`${row.id} was released ${Math.round(lateMs)} ms after its deadline`, releasedMs);
  }
  return collector.finding(
    `the latest of those that were due while nothing was in trouble came after ${Math.round(latestMs)} ms`,
  );
}

/** By the deadline itself, and not by a caller who came to hear of it. */
function releaseOf({ reason, decidedMs }: TransactionRow): number | null {
  return reason === 'expired' ? decidedMs : null;
}

/** Nobody of all has it, as long as this lasts. */
const isRedisAway = ({ kind }: FaultRecord): boolean => kind === 'redis-away' || kind === 'redis-kill' || kind === 'redis-pause';

const excusesOf = (evidence: Evidence): Windows => windowsOf(stretchesOf(evidence));

/**
 * A release asks nobody but PostgreSQL. Of several coordinators one that is away keeps the others only as long as they need to hear of
 * its end.
 */
function stretchesOf({ faults, run }: Evidence): readonly Stretch[] {
  const isExcuse = (fault: FaultRecord): boolean =>
    !isRedisFault(fault) && !isNoExcuse(fault) && !run.participants.some((participant) => isFaultOf(fault, participant));
  return faults.filter(isExcuse).map(({ kind, fromMs, toMs }) => {
    const isOneOfMany = kind === 'coordinator-away' && run.instances > 1;
    return { fromMs, toMs: (isOneOfMany ? fromMs : toMs) + AFTERMATH_MS };
  });
}
