// Owns the check that there were looks at the ledger while the load ran: what nobody looked at was not seen to hold.
import type { Evidence } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';
import { collectorOf } from './finding.ts';

/** In so long a time without any fault of PostgreSQL somebody must have looked. */
const LONGEST_BLINDNESS_MS = 15_000;
const AFTERMATH_MS = 5_000;

export function checkLooks(evidence: Evidence): Finding {
  const { samples, faults, periods, run } = evidence;
  const collector = collectorOf(evidence, 'looks', 'The ledger was looked at again and again while the load ran');
  collector.examine(samples.length);
  const troubles = faults.filter(({ target }) => target === 'postgres');
  const ends = periods.filter(({ name }) => name === 'after').map(({ toMs }) => toMs);
  let lastMs = run.startedMs;
  for (const atMs of [...samples.map((sample) => sample.atMs), ...ends].toSorted((a, b) => a - b)) {
    const isExcused = troubles.some(({ fromMs, toMs }) => fromMs <= atMs && toMs + AFTERMATH_MS >= lastMs);
    if (samples.length > 0 && !isExcused && atMs - lastMs > LONGEST_BLINDNESS_MS)
      collector.violate(`nobody could look for ${Math.round(atMs - lastMs)} ms, and nothing troubled PostgreSQL`, atMs);
    lastMs = atMs;
  }
  return collector.finding(`${samples.length} looks, each in one snapshot`);
}
