// Owns the check of life after the last fault: nothing stays open, and the throughput comes back.
import type { Evidence } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';
import { collectorOf } from './finding.ts';

export function checkLiveness(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'liveness', 'Healed, everything ends within its bound, and the throughput is back');
  const { liveness } = evidence;
  if (liveness === null) return collector.finding('the run ended before it could be seen');
  const { healedMs, settledMs, stillOpen, settleBoundMs, recoveredAfterMs, recoverBoundMs, throughputBefore, throughputAfter } =
    liveness;
  collector.examine(evidence.transactions.size + 1);
  if (settledMs === null || stillOpen > 0)
    collector.violate(`${stillOpen} transactions were still open ${settleBoundMs / 1_000} s after the load had ended`, healedMs);
  if (recoveredAfterMs === null) {
    const [before, after] = [throughputBefore, throughputAfter].map(Math.round);
    collector.violate(
      `${after} operations/s at best within ${recoverBoundMs / 1_000} s, ${before} before the first fault`,
      healedMs,
    );
  }
  const recovered = recoveredAfterMs === null ? 'not back' : `back after ${(recoveredAfterMs / 1_000).toFixed(1)} s`;
  const settled = settledMs === null ? 'not settled' : `settled ${((settledMs - healedMs) / 1_000).toFixed(1)} s after healing`;
  return collector.finding(`throughput ${recovered}, ${settled}`);
}
