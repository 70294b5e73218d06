// Owns the words for what came after the last fault was healed: how throughput came back, and when nothing was open any more.
import { count, duration, plural } from './figures.ts';
import type { ReportedLiveness } from './summary.ts';

/** `back after 1.2 s (812/s before the faults, 790/s after)` */
export function recoveryOf({ throughputBefore, throughputAfter, recoveredAfterMs, recoverBoundMs }: ReportedLiveness): string {
  const when =
    recoveredAfterMs === null ? `not back within ${duration(recoverBoundMs)}` : `back after ${tenths(recoveredAfterMs)}`;
  return `${when} (${count(throughputBefore)}/s before the faults, ${count(throughputAfter)}/s after)`;
}

export function settlingOf({ healedMs, settledMs, settleBoundMs, stillOpen }: ReportedLiveness): string {
  if (settledMs === null)
    return `${plural(stillOpen, 'transaction')} were still open when the wait of ${duration(settleBoundMs)} ended`;
  return `nothing was open any more after ${tenths(settledMs - healedMs)}`;
}

function tenths(ms: number): string {
  return duration(Math.round(ms / 100) * 100);
}
