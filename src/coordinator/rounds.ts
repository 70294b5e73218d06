// Owns work that is done in rounds: one after the other, now and then by itself, and at once when it is woken.

export interface RoundsOptions {
  /** One round. It should end early once the rounds are stopped. */
  readonly round: () => Promise<void>;
  /** How often there is one though nobody woke it. */
  readonly intervalMs: number;
  readonly onFault: (error: unknown) => void;
}

export class Rounds {
  readonly #options: RoundsOptions;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  start(): void {
    // Jitter keeps several processes from asking all at once.
    const delay = this.#options.intervalMs * (0.75 + Math.random() / 4);
    this.#timer = setTimeout(() => void this.wake().finally(() => this.#stopped || this.start()), delay);
  }

  /** Resolves after a round that began no earlier than now: one that is under way may have passed by what woke us. */
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

  /** Begins no further round, and resolves once the present one is over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      await this.#options.round();
    } while (this.#again && !this.#stopped);
  }
}
