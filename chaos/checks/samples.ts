// Owns what the looks at the ledger in the middle of a run say about each invariant.
import type { Evidence } from '../evidence/evidence.ts';
import type { Collector } from './finding.ts';

/** Adds to a check what every look found about its invariant. */
export function examineSamples({ samples }: Pick<Evidence, 'samples'>, invariant: string, collector: Collector): void {
  for (const { atMs, examined, violations } of samples) {
    collector.examine(examined[invariant] ?? 0);
    for (const violation of violations) {
      if (violation.invariant === invariant) collector.violate(`${new Date(atMs).toISOString()}: ${violation.text}`, atMs);
    }
  }
}
