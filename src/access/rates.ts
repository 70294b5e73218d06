// Owns how many requests a caller may make in a second. Every process counts in its own memory, so that nobody waits for a round trip;
// what was counted elsewhere is taken in a few times a second, where Redis is there (I10). Windows begin with the seconds of the clock,
// so that processes mean the same one.
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Adds up what several processes counted. It may be gone at any time. */
export interface SharedCounts {
  /**
   * @param counts what was counted here since the last exchange, by key; a key is good for one window
   * @returns what all have counted together, by key
   */
  add(counts: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>>;
}

export interface RatesOptions {
  /** What is counted: it keeps the keys of different counts apart. */
  readonly name: string;
  readonly perS: number;
  /** Null: this process counts alone. */
  readonly shared: SharedCounts | null;
  readonly onFault: (error: unknown) => void;
  /** This process's clock, in ms since 1970. */
  readonly now?: () => number;
  readonly exchangeMs?: number;
}

export const WINDOW_MS = 1_000;
const EXCHANGE_MS = 150;
/** I12. Where more callers than that come in one second, the rest of them share one count. */
const MOST_CALLERS = 20_000;
const OTHERS = 'others';

export class Rates {
  readonly #options: RatesOptions;
  readonly #now: () => number;
  readonly #counter: RateLimiterMemory;
  /** What the others have not been told of yet, by key. */
  #untold = new Map<string, number>();
  /** Whoever came in this window. */
  #seen = new Set<string>();
  #window = 0;
  #timer: NodeJS.Timeout | null = null;
  #exchanging: Promise<void> | null = null;

  constructor(options: RatesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    // Longer than a window, so that what others counted still finds its key.
    this.#counter = new RateLimiterMemory({ points: options.perS, duration: 2, keyPrefix: '' });
  }

  /** How many may be made in a second. */
  get perS(): number {
    return this.#options.perS;
  }

  /** Only where there is somebody to exchange with. */
  start(): void {
    if (this.#options.shared === null) return;
    this.#timer = setInterval(() => void this.exchange(), this.#options.exchangeMs ?? EXCHANGE_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#exchanging;
  }

  /**
   * Counts requests of a caller.
   * @param points how many requests it is worth
   * @returns null where they may be made; otherwise how long to wait, in ms
   */
  async take(caller: string, points: number): Promise<number | null> {
    const now = this.#now();
    const key = this.#keyOf(caller, Math.floor(now / WINDOW_MS));
    if (this.#options.shared !== null) this.#untold.set(key, (this.#untold.get(key) ?? 0) + points);
    try {
      await this.#counter.consume(key, points);
      return null;
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      return WINDOW_MS - (now % WINDOW_MS);
    }
  }

  /** Tells the others what was counted here, and takes in what they counted. */
  exchange(): Promise<void> {
    if (this.#exchanging !== null || this.#untold.size === 0) return this.#exchanging ?? Promise.resolve();
    this.#exchanging = this.#exchange()
      .catch(this.#options.onFault)
      .finally(() => {
        this.#exchanging = null;
      });
    return this.#exchanging;
  }

  async #exchange(): Promise<void> {
    const told = this.#untold;
    this.#untold = new Map();
    const totals = await this.#options.shared?.add(told);
    for (const [key, total] of totals ?? []) {
      // Read together: what is taken while either is waited for would be counted twice.
      const [untold, mine] = [this.#untold.get(key) ?? 0, this.#counter.get(key)];
      const more = total + untold - ((await mine)?.consumedPoints ?? 0);
      if (more > 0) await this.#counter.penalty(key, more);
    }
  }

  #keyOf(caller: string, window: number): string {
    if (window !== this.#window) {
      this.#window = window;
      this.#seen = new Set();
    }
    if (!this.#seen.has(caller)) {
      if (this.#seen.size >= MOST_CALLERS) return `${this.#options.name}:${OTHERS}@${window}`;
      this.#seen.add(caller);
    }
    return `${this.#options.name}:${caller}@${window}`;
  }
}
