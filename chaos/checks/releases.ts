// Owns the check that losing Redis changes no outcome, and makes a release no later than the sweep would (I10).
import type { Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { FaultRecord, Finding } from '../record.ts';
import { collectorOf } from './finding.ts';
import { isFaultOf, isNoExcuse, isRedisFault, windowsOf } from './windows.ts';

/** With Redis down a release is at most so late (contract, rule 5). */
const SWEEP_BOUND_MS = 5_000;
/** For the commit that carries it, on a machine that has more to do than it can. */
const MARGIN_MS = 500;
/** How long what struck somebody else is felt afterwards: a connection comes back, a lock of one that was paused is given up. */
const AFTERMATH_MS = 5_000;

/**
 * I10: whatever was due while Redis was in trouble is released in time, and whatever was under way then has reached its end. Time in
 * which others than Redis and participants were in trouble does not count. A run without trouble of Redis is held to the same.
 */
export function checkWithoutRedis(evidence: Evidence): Finding {
  const { faults, run, transactions } = evidence;
  const collector = collectorOf(evidence, 'I10', 'Losing Redis changes no outcome, and no release is more than 5 s late');
  const redisFaults = faults.filter(isRedisFault);
  const troubles = windowsOf(redisFaults, SWEEP_BOUND_MS);
  const excuses = windowsOf(
    faults.filter((fault) => isExcuse(fault, run.participants)),
    AFTERMATH_MS,
  );
  const isConcerned = (fromMs: number, toMs: number): boolean => redisFaults.length === 0 || troubles.touch(fromMs, toMs);
  let due = 0;
  let alone = 0;
  for (const row of transactions.values()) {
    const { id, state, createdMs, updatedMs, expiresMs } = row;
    if (!isConcerned(createdMs, updatedMs)) continue;
    collector.examine();
    if (state !== 'CONFIRMED' && state !== 'CANCELLED') collector.violate(`${id} is ${state} for good`, updatedMs);
    const releasedMs = releaseOf(row);
    if (releasedMs === null || !isConcerned(expiresMs, expiresMs)) continue;
    due += 1;
    if (!excuses.touch(expiresMs, releasedMs)) alone += 1;
    if (excuses.calmMs(expiresMs, releasedMs) > SWEEP_BOUND_MS + MARGIN_MS)
      collector.violate(`${id} was released ${Math.round(releasedMs - expiresMs)} ms after its deadline`, releasedMs);
  }
  const trouble = redisFaults.length === 0 ? 'Redis was not in trouble' : `Redis was in trouble ${redisFaults.length} times`;
  const [all, few] = [due, alone].map((count) => count.toLocaleString('en'));
  return collector.finding(`${trouble}; ${all} releases were due then, ${few} of them while nothing else was in trouble`);
}

function releaseOf({ reason, decidedMs }: TransactionRow): number | null {
  return reason === 'expired' ? decidedMs : null;
}

/** A release asks nobody but PostgreSQL. */
function isExcuse(fault: FaultRecord, participants: readonly string[]): boolean {
  if (isRedisFault(fault) || isNoExcuse(fault)) return false;
  return !participants.some((participant) => isFaultOf(fault, participant));
}
