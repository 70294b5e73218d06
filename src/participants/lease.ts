// Owns this coordinator's lease: the right to ask participants about the branches granted to it (I11). It is renewed while the
// process is well; once it has run out (the process was paused, PostgreSQL was away) a new one is taken under a new id, and
// what was held under the old one is anybody's.
import { hostname } from 'node:os';
import type { BranchWorkPort } from '../coordinator/branch-work.ts';
import { newId } from '../coordinator/identifiers.ts';

export interface LeaseOptions {
  readonly work: BranchWorkPort;
  /** The lease ran out: what is held in memory is not ours any more. */
  readonly onLost: () => void;
  /** It is held on, though for a while it was taken to have ended: what was dropped in that while is ours still, and nobody else's. */
  readonly onRegained: () => void;
  readonly onFault: (error: unknown) => void;
}

/** How long a coordinator may be silent before others take over; with the look-out twice a second it stays below 10 s. */
export const LEASE_MS = 5000;
const RENEW_EVERY_MS = 1000;
/** So much earlier than PostgreSQL we take it to have ended: a call on its way needs a moment. */
const MARGIN_MS = 500;

export class Lease {
  readonly #options: LeaseOptions;
  #id: string | null = null;
  /** By performance.now(), which goes on while the process is paused. */
  #heldUntil = 0;
  #timer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Under which the lease is held now; null where it is not. */
  get holder(): string | null {
    return performance.now() < this.#heldUntil ? this.#id : null;
  }

  /** Takes the first lease, and sees to it from then on. */
  async start(): Promise<void> {
    await this.#renew();
    this.#schedule();
  }

  /** Renews it no more, and gives it up: what is held is anybody's at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#renewing;
    const id = this.#id;
    this.#id = null;
    if (id !== null) await this.#options.work.endLeases(id).catch(this.#options.onFault);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#renewing = this.#renew().finally(() => this.#schedule());
    }, RENEW_EVERY_MS);
  }

  async #renew(): Promise<void> {
    const { work, onFault, onLost, onRegained } = this.#options;
    // Counted from before the question: PostgreSQL counts from later.
    const askedAt = performance.now();
    try {
      if (this.#id !== null && !(await work.renewLease(this.#id, LEASE_MS))) {
        this.#id = null;
        this.#heldUntil = 0;
        onLost();
      }
      const isRegained = this.#id !== null && performance.now() >= this.#heldUntil;
      if (this.#id === null) {
        const id = newId();
        await work.beginLease(id, `${hostname()}:${process.pid}`, LEASE_MS);
        this.#id = id;
      }
      this.#heldUntil = askedAt + LEASE_MS - MARGIN_MS;
      if (isRegained) onRegained();
    } catch (error) {
      // Where it was begun and the answer lost, that lease runs out by itself: nothing is held under it.
      onFault(error);
    }
  }
}
