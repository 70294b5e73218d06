// Owns the check that no coordinator ends unless it is told to, and that one which is told to ends in order.
import type { Evidence } from '../evidence/evidence.ts';
import type { ExitRecord, FaultRecord, Finding } from '../record.ts';
import { collectorOf } from './finding.ts';

/** PostgreSQL may be away for a while after its fault is healed: a connection comes back. */
const AFTERMATH_MS = 5_000;

/** Contract, section 1: SIGTERM ends it with 0, within 10 s (the harness kills it after 12). */
export function checkExits(evidence: Evidence): Finding {
  const collector = collectorOf(
    evidence,
    'exits',
    'No coordinator ends unless it is told to, and one that is told to ends with 0',
  );
  let [told, excused] = [0, 0];
  for (const exit of evidence.exits) {
    if (exit.order === 'kill') continue;
    collector.examine();
    if (exit.order === 'terminate') told += 1;
    if (exit.order === 'terminate' && exit.code === 0) continue;
    if (isForeseen(exit, evidence.faults)) excused += 1;
    else collector.violate(wordsOf(exit), exit.atMs);
  }
  return collector.finding(`${told} ends by SIGTERM, and ${excused} starts that found no PostgreSQL`);
}

/** A start that finds no PostgreSQL says so and ends; whoever supervises it starts it again. */
function isForeseen({ order, code, wasServing, startedMs, atMs, target }: ExitRecord, faults: readonly FaultRecord[]): boolean {
  if (order !== null || wasServing || code !== 1) return false;
  const isInTheWay = (fault: FaultRecord): boolean =>
    fault.target === 'postgres' || fault.target === `${target} → postgres` || fault.target === `${target} ↔ everybody`;
  return faults.some((fault) => isInTheWay(fault) && fault.fromMs <= atMs && fault.toMs + AFTERMATH_MS >= startedMs);
}

function wordsOf({ target, order, code, signal, lastLines }: ExitRecord): string {
  const how = signal === null ? `with ${code}` : `by ${signal}`;
  const told = order === null ? 'though nobody had told it to' : 'when it was told to end in order';
  return `${target} ended ${how}, ${told}. It printed last:\n${lastLines}`;
}
