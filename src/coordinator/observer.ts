// Owns the port through which lanes tell of their work, for figures and traces. Told in the middle of the hot path: who listens
// does little, and never throws.
import type { Account } from './account.ts';
import type { Command, Refused, Verdict } from './command.ts';

/** A command on its way. */
export interface Submitted {
  readonly command: Command;
  /** When it came, by performance.now(). */
  readonly since: number;
}

export interface LaneObserver {
  /**
   * A batch goes off.
   * @param at by performance.now()
   */
  batchBegun(batch: readonly Submitted[], at: number): BatchObserver;
  /** Answered without an outcome: the queue is full, or PostgreSQL did not answer in time. */
  dismissed(submitted: Submitted, verdict: Refused): void;
}

export interface BatchObserver {
  /** An outcome is durable. */
  settled(submitted: Submitted, verdict: Verdict): void;
  /** What a commit of it did. */
  accounted(account: Account): void;
  /** An attempt at it failed, and is made again. */
  failed(kind: 'conflict' | 'unavailable' | 'unexpected'): void;
  /** Every command of it is answered. */
  ended(): void;
}

const SILENT_BATCH: BatchObserver = { settled: () => {}, accounted: () => {}, failed: () => {}, ended: () => {} };

/** Listens to nothing. */
export const SILENT: LaneObserver = { batchBegun: () => SILENT_BATCH, dismissed: () => {} };
