// Owns how moments compare: what callers noted and what PostgreSQL stamped, both by the machine's one clock, cut to milliseconds.
import type { FaultRecord } from '../record.ts';

/** What the two readings of that clock may differ by. Both are cut down to a millisecond; the rest is for a clock that is slewed. */
export const CLOCK_SLACK_MS = 5;

/**
 * A change is stamped before it is committed, and seldom committed much later. The server ends a statement after 5 s and a
 * transaction that idles after 5 s: the stamp of the exact path is followed by a pause of the coordinator (5 s), the saving statement
 * (5 s) and a lost COMMIT (5 s); that of the optimistic path by one statement.
 */
const LATEST_COMMIT_MS = 20_000;

/** @returns by when a change with this stamp must be committed, if it ever is */
export type LatestCommit = (stampMs: number) => number;

/** A PostgreSQL that is stopped, full or recovering may take as much longer as that lasts. */
export function latestCommitOf(faults: readonly FaultRecord[]): LatestCommit {
  const troubles = faults.filter(({ target }) => target === 'postgres').toSorted((a, b) => a.fromMs - b.fromMs);
  return (stampMs) => {
    let latestMs = stampMs + LATEST_COMMIT_MS;
    for (const { fromMs, toMs } of troubles) {
      if (fromMs > latestMs) break;
      if (toMs >= stampMs) latestMs = Math.max(latestMs, toMs + LATEST_COMMIT_MS);
    }
    return latestMs;
  };
}
