// Owns the port through which the background work is told of, for figures.
import type { Drift } from '../coordinator/keeping.ts';

export interface KeepingObserver {
  /** So many finished transactions were removed but for their slim rows. */
  retired(count: number): void;
  /** So many counters were held against their rows. */
  compared(count: number): void;
  /** Every counter has had its turn; `drift` is what was found in this pass. */
  passEnded(drift: readonly Drift[]): void;
}
