// Owns the release of what nobody decided: reads whose deadline has come and makes expire commands of them, oldest first,
// until nothing is due. PostgreSQL alone says what is due; a wake-up too many, too late or too early is harmless (I10).
import type { Coordinator, Refused, TransactionAccepted } from '../coordinator/command.ts';
import type { Due } from '../coordinator/queries.ts';
import { Rounds } from '../coordinator/rounds.ts';
import { type ReleaseTracer, UNTRACED } from './tracer.ts';

export interface SweepOptions {
  readonly coordinator: Coordinator;
  /** What is due after a given one (null: from the oldest on), oldest first. */
  readonly due: (limit: number, after: Due | null) => Promise<readonly Due[]>;
  /** How often PostgreSQL is asked though no timer rang: this finds what Redis forgot. */
  readonly intervalMs: number;
  readonly onFault: (error: unknown, due: Due | null) => void;
  readonly tracer?: ReleaseTracer;
}

/** How many are read at once; the next page is read while this one is released. */
const PAGE = 800;
/** Releases that share a commit: few enough that callers between two of them wait some ms only. */
const CHUNK = 200;
/** Where the lane is full, callers come first. */
const PAUSE_WHEN_BUSY_MS = 50;

export class Sweep {
  readonly #options: SweepOptions;
  readonly #rounds: Rounds;

  constructor(options: SweepOptions) {
    this.#options = options;
    const { intervalMs } = options;
    const onFault = (error: unknown): void => options.onFault(error, null);
    this.#rounds = new Rounds({ round: () => this.#releaseAll(), intervalMs, onFault });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Sweeps until nothing is due. A wake-up during a sweep makes it look once more before it ends. */
  wake(): Promise<void> {
    return this.#rounds.wake();
  }

  /** Begins no further chunk, and resolves once the present one is settled. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #releaseAll(): Promise<void> {
    let page = this.#options.due(PAGE, null);
    for (let full = true; full && !this.#rounds.isStopped; ) {
      const due = await page;
      full = due.length === PAGE;
      if (full) {
        page = this.#options.due(PAGE, due.at(-1) ?? null);
        // Told when it is awaited; until then it must not count as unhandled.
        page.catch(() => {});
      }
      for (let at = 0; at < due.length && !this.#rounds.isStopped; at += CHUNK) await this.#release(due.slice(at, at + CHUNK));
    }
  }

  /** Where the queue is full, it tries again: the oldest come first. What fails is left to the next sweep. */
  async #release(due: readonly Due[]): Promise<void> {
    let waiting = due;
    while (waiting.length > 0 && !this.#rounds.isStopped) {
      const crowdedOut: Due[] = [];
      await Promise.all(
        waiting.map(async (one) => {
          try {
            const verdict = await this.#expire(one);
            if (!verdict.ok && verdict.problem.code === 'overloaded') crowdedOut.push(one);
          } catch (error) {
            // One that cannot be released must not hold up those behind it.
            this.#options.onFault(error, one);
          }
        }),
      );
      if (crowdedOut.length > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_WHEN_BUSY_MS));
      waiting = crowdedOut;
    }
  }

  async #expire(due: Due): Promise<TransactionAccepted | Refused> {
    const span = (this.#options.tracer ?? UNTRACED).begun(due);
    if (span === null) return this.#options.coordinator.submit({ kind: 'expire', id: due.id });
    try {
      const verdict = await this.#options.coordinator.submit({ kind: 'expire', id: due.id, trace: span.traceparent });
      span.ended(verdict.ok ? verdict.transaction.state : verdict.problem.code);
      return verdict;
    } catch (error) {
      span.ended(null);
      throw error;
    }
  }
}
