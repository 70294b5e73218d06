// Owns the release of what nobody decided: reads whose deadline has come and makes expire commands of them, oldest first,
// until nothing is due. PostgreSQL alone says what is due; a wake-up too many, too late or too early is harmless (I10).
import type { Coordinator } from '../coordinator/command.ts';
import type { TransactionId } from '../coordinator/model.ts';

export interface SweepOptions {
  readonly coordinator: Coordinator;
  readonly due: (limit: number, from: number) => Promise<readonly { readonly id: TransactionId; readonly expiresAt: number }[]>;
  /** How often PostgreSQL is asked though no timer rang: this finds what Redis forgot. */
  readonly intervalMs: number;
  readonly onFault: (error: unknown) => void;
}

/**
 * Releases that share a commit. Small enough that callers between two of them wait a few ms, large enough for more than
 * 10,000 a second.
 */
const CHUNK = 250;
/** Where the lane is full, callers come first. */
const PAUSE_WHEN_BUSY_MS = 50;

export class Sweep {
  readonly #options: SweepOptions;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  start(): void {
    const { intervalMs } = this.#options;
    // Jitter keeps several processes from asking all at once.
    const next = (): void => {
      this.#timer = setTimeout(
        () => void this.wake().finally(() => this.#stopped || next()),
        intervalMs * (0.75 + Math.random() / 4),
      );
    };
    next();
  }

  /** Sweeps until nothing is due. A wake-up during a sweep makes it look once more before it ends. */
  wake(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    if (this.#running !== null) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#run()
      .catch(this.#options.onFault)
      .finally(() => {
        this.#running = null;
      });
    return this.#running;
  }

  /** Begins no further chunk, and resolves once the present one is settled. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      let from = 0;
      let full = true;
      while (full && !this.#stopped) {
        const due = await this.#options.due(CHUNK, from);
        full = due.length === CHUNK;
        const last = due.at(-1)?.expiresAt ?? from;
        const settled = await this.#release(due.map(({ id }) => id));
        // A whole chunk with one deadline that did not move would be read again for ever: leave it to the next sweep.
        if (!settled && last === from) return;
        from = last;
      }
    } while (this.#again && !this.#stopped);
  }

  /** @returns whether all of them were settled, by this sweep or by somebody else */
  async #release(ids: readonly TransactionId[]): Promise<boolean> {
    const verdicts = await Promise.all(ids.map((id) => this.#options.coordinator.submit({ kind: 'expire', id })));
    const unsettled = verdicts.filter((verdict) => !verdict.ok);
    if (unsettled.some((verdict) => !verdict.ok && verdict.problem.code === 'overloaded')) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_WHEN_BUSY_MS));
    }
    return unsettled.length === 0;
  }
}
