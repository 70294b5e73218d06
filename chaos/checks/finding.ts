// Owns how a check counts what it examines and what it finds.
import type { Evidence } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';

const MOST_EXAMPLES = 5;

export interface Collector {
  /** @param count how many things were looked at, 1 where it is left out */
  examine(count?: number): void;
  /**
   * @param text what broke, with the ids and moments to look at
   * @param atMs when it could first be seen; null where it is not tied to a moment
   */
  violate(text: string, atMs: number | null): void;
  /** @param detail what was examined, where there is more to say than the number */
  finding(detail?: string): Finding;
}

/** A check of one run. */
export function collectorOf(evidence: Evidence, id: string, title: string): Collector {
  let examined = 0;
  let violations = 0;
  let firstMs: number | null = null;
  const examples: string[] = [];
  return {
    examine: (count = 1) => {
      examined += count;
    },
    violate: (text, atMs) => {
      violations += 1;
      if (atMs !== null) firstMs = Math.min(firstMs ?? atMs, atMs);
      if (examples.length < MOST_EXAMPLES) examples.push(text);
    },
    finding: (detail = '') => ({
      id,
      title,
      examined,
      violations,
      detail,
      examples,
      afterOperations: firstMs === null ? null : operationsEndedBy(evidence, firstMs),
    }),
  };
}

function operationsEndedBy({ operations }: Evidence, atMs: number): number {
  return operations.reduce((count, { endedMs }) => count + Number(endedMs <= atMs), 0);
}
