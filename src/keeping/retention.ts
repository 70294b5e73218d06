// Owns the removal of what is old: in small batches with pauses between them, so that callers never wait for it. What may be removed,
// and what is left of it, the ledger decides (sql/functions/retire_transactions.sql).
import type { Keeping } from '../coordinator/keeping.ts';
import { Rounds } from '../coordinator/rounds.ts';
import type { KeepingObserver } from './observer.ts';

export interface RetentionOptions {
  readonly keeping: Keeping;
  /** How old a finished transaction must be. */
  readonly days: number;
  readonly observer: KeepingObserver;
  readonly onFault: (error: unknown) => void;
  readonly intervalMs?: number;
}

/** How often it is looked for what has become old. */
const INTERVAL_MS = 60_000;
const BATCH = 500;
/** The pause after a batch, as a multiple of how long the batch took: a fifth of the time is the most that it is at work. */
const PAUSE_FACTOR = 4;

export class Retention {
  readonly #options: RetentionOptions;
  readonly #rounds: Rounds;
  readonly #stopping = new AbortController();

  constructor(options: RetentionOptions) {
    this.#options = options;
    const { intervalMs = INTERVAL_MS, onFault } = options;
    this.#rounds = new Rounds({ round: () => this.#round(), intervalMs, onFault });
  }

  /** Begins with a first round at once: an instance that is often restarted must get to it, too. */
  start(): void {
    this.#rounds.start();
    void this.#rounds.wake();
  }

  /** Looks now, and removes until nothing is old. */
  wake(): Promise<void> {
    return this.#rounds.wake();
  }

  /** Begins no further batch, and resolves once the present one is over. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#rounds.stop();
  }

  async #round(): Promise<void> {
    const { keeping, days, observer } = this.#options;
    await keeping.exclusively('retention', async (session) => {
      for (let count = BATCH; count === BATCH && !this.#rounds.isStopped; ) {
        const begun = performance.now();
        count = await session.retire(days, BATCH);
        observer.retired(count);
        if (count === BATCH) await pause((performance.now() - begun) * PAUSE_FACTOR, this.#stopping.signal);
      }
    });
  }
}

/** Ends early where it is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
