// Owns taking recorded acts into the audit's chain, in the background and by one instance at a time, so that no act ever waits for it.
import { linkOf, ORIGIN } from '../access/chain.ts';
import type { Keeping } from '../coordinator/keeping.ts';
import { Rounds } from '../coordinator/rounds.ts';

export interface ChainingOptions {
  readonly keeping: Keeping;
  readonly onFault: (error: unknown) => void;
  readonly intervalMs?: number;
}

/** How long an act may wait for its link: until then a change of it would not show. */
const INTERVAL_MS = 1_000;
const MOST_IN_A_LINK = 500;

export class Chaining {
  readonly #keeping: Keeping;
  readonly #rounds: Rounds;

  constructor({ keeping, onFault, intervalMs = INTERVAL_MS }: ChainingOptions) {
    this.#keeping = keeping;
    this.#rounds = new Rounds({ round: () => this.#round(), intervalMs, onFault });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Takes in what waits, now. */
  wake(): Promise<void> {
    return this.#rounds.wake();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #round(): Promise<void> {
    await this.#keeping.exclusively('audit', async (session) => {
      for (let count = MOST_IN_A_LINK; count === MOST_IN_A_LINK && !this.#rounds.isStopped; ) {
        const { last, entries, now } = await session.pendingActs(MOST_IN_A_LINK);
        count = entries.length;
        if (count > 0) await session.link(linkOf(last ?? ORIGIN, entries, now));
      }
    });
  }
}
