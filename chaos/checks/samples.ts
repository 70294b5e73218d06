// Owns what the looks at the ledger in the middle of a run say about each invariant.
import type { Evidence } from '../evidence/evidence.ts';
import type { Collector } from './finding.ts';

/** Adds to a check what every look found about its invariant. */
export function examineSamples(evidence: Pick<Evidence, 'samples'>, invariant: string, collector: Collector): void {
  for (const { examined } of evidence.samples) collector.examine(examined[invariant] ?? 0);
  reportSamples(evidence, invariant, collector);
}

/** What the looks found, and not how much they looked at: for an invariant that they alone would say too little of. */
export function reportSamples({ samples }: Pick<Evidence, 'samples'>, invariant: string, collector: Collector): void {
  for (const { atMs, violations } of samples) {
    for (const violation of violations) {
      if (violation.invariant === invariant) collector.violate(`${new Date(atMs).toISOString()}: ${violation.text}`, atMs);
    }
  }
}
