// Owns the pass over all counters that holds each against the rows that it is the sum of (I1, I3), again and again, page by page. It is
// at work for a fiftieth of the time at most, so it may run always: a ledger whose rows take 5 s to add up is gone through in about
// four minutes. What has not changed since it was found right is not added up again within the hour.
import type { Counter, CounterKey, Drift, Keeping, KeepingSession } from '../coordinator/keeping.ts';
import { LedgerFault } from '../coordinator/ledger.ts';
import { Rounds } from '../coordinator/rounds.ts';
import type { KeepingObserver } from './observer.ts';
import { pause } from './retention.ts';

export interface ReconcilerOptions {
  readonly keeping: Keeping;
  readonly observer: KeepingObserver;
  /** A counter differs from its rows: something has changed the one without the other. */
  readonly onDrift: (drift: Drift) => void;
  /** Its rows are so many that they cannot be added up in the time that a statement may take. */
  readonly onTooMany: (counter: CounterKey) => void;
  readonly onFault: (error: unknown) => void;
  readonly intervalMs?: number;
  /** How much longer than its work on a page it rests after it. */
  readonly restFactor?: number;
}

/** From the end of a pass to the next one. */
const INTERVAL_MS = 30_000;
const PAGE = 100;
/** Of the time, at most 2 % is spent on it. */
const REST_FACTOR = 49;
/** I12: of how many counters it is remembered that they were right. */
const REMEMBERED = 100_000;
const TRUSTED_MS = 3_600_000;

interface Proof {
  readonly content: string;
  readonly at: number;
}

export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #rounds: Rounds;
  readonly #stopping = new AbortController();
  readonly #right = new Map<string, Proof>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { intervalMs = INTERVAL_MS, onFault } = options;
    this.#rounds = new Rounds({ round: () => this.#pass(), intervalMs, onFault });
  }

  /** Begins with a first round at once: an instance that is often restarted must get to it, too. */
  start(): void {
    this.#rounds.start();
    void this.#rounds.wake();
  }

  /** Begins a pass now, and resolves when it is over. */
  wake(): Promise<void> {
    return this.#rounds.wake();
  }

  /** Begins no further page, and resolves once the present one is over. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#rounds.stop();
  }

  async #pass(): Promise<void> {
    const found: Drift[] = [];
    const isMine = await this.#options.keeping.exclusively('reconciliation', async (session) => {
      let after: Counter | null = null;
      for (let isMore = true; isMore && !this.#rounds.isStopped; ) {
        const begun = performance.now();
        const page: readonly Counter[] = await session.counters(after, PAGE);
        isMore = page.length === PAGE;
        after = page.at(-1) ?? null;
        found.push(...(await this.#compare(session, page)));
        await pause((performance.now() - begun) * (this.#options.restFactor ?? REST_FACTOR), this.#stopping.signal);
      }
    });
    if (!isMine || this.#rounds.isStopped) return;
    for (const drift of found) this.#options.onDrift(drift);
    this.#options.observer.passEnded(found);
  }

  async #compare(session: KeepingSession, page: readonly Counter[]): Promise<readonly Drift[]> {
    const now = performance.now();
    const changed = page.filter((counter) => !this.#isTrusted(counter, now));
    if (changed.length === 0) return [];
    const drift = await this.#driftOf(session, changed);
    const wrong = new Set(drift.map(keyOf));
    for (const counter of changed) {
      const key = keyOf(counter);
      this.#right.delete(key);
      // It may have changed since the page was read; then it will be looked at again, which does no harm.
      if (!wrong.has(key)) this.#remember(key, { content: counter.content, at: now });
    }
    this.#options.observer.compared(changed.length);
    return drift;
  }

  /** What is too much for one statement is asked one by one; what is too much even so is left out, and told. */
  async #driftOf(session: KeepingSession, counters: readonly Counter[]): Promise<readonly Drift[]> {
    try {
      return await session.drift(counters);
    } catch (error) {
      const isLate = error instanceof LedgerFault && error.kind === 'unavailable';
      const [counter] = counters;
      if (!isLate || counter === undefined) throw error;
      if (counters.length === 1) {
        this.#options.onTooMany(counter);
        return [];
      }
      const found: Drift[] = [];
      for (const each of counters) found.push(...(await this.#driftOf(session, [each])));
      return found;
    }
  }

  #isTrusted(counter: Counter, now: number): boolean {
    const proof = this.#right.get(keyOf(counter));
    return proof !== undefined && proof.content === counter.content && now - proof.at < TRUSTED_MS;
  }

  #remember(key: string, proof: Proof): void {
    if (this.#right.size >= REMEMBERED) {
      const [oldest] = this.#right.keys();
      if (oldest !== undefined) this.#right.delete(oldest);
    }
    this.#right.set(key, proof);
  }
}

function keyOf({ sku, warehouse }: CounterKey): string {
  return `${sku} ${warehouse}`;
}
