// Owns waiting for news of transactions whose branches are being asked: told at once of what this process stores, and asking
// PostgreSQL now and then for what others store. A caller that stops waiting undoes nothing (rule 8).
import type { Transaction, TransactionId } from './model.ts';

export interface WatchOptions {
  /** Reads transactions as they are now. */
  readonly read: (ids: readonly TransactionId[]) => Promise<readonly Transaction[]>;
  readonly intervalMs: number;
  readonly onFault: (error: unknown) => void;
}

interface Waiter {
  readonly isOver: (transaction: Transaction) => boolean;
  readonly resolve: () => void;
  /** The transaction as it was last seen; null while nothing was heard of it. */
  last: Transaction | null;
}

/** I12: how many are asked for at once; the others' turn comes with the next look. */
const IDS_A_LOOK = 500;

export class Watch {
  readonly #options: WatchOptions;
  readonly #waiters = new Map<TransactionId, Set<Waiter>>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /** Tells those who wait for one of these. */
  tell(transactions: readonly Transaction[]): void {
    if (this.#waiters.size === 0) return;
    for (const transaction of transactions) tellThem(this.#waiters.get(transaction.id) ?? [], transaction);
  }

  /**
   * Waits until a transaction is as wanted.
   * @param forMs how long at most
   * @param signal ends the wait
   * @returns the transaction as it was last seen, as wanted or (where the time was up, the wait was ended, or this process stops)
   * not; null where nothing was heard of it
   */
  until(
    id: TransactionId,
    isOver: (transaction: Transaction) => boolean,
    forMs: number,
    signal: AbortSignal,
  ): Promise<Transaction | null> {
    if (this.#closed || forMs <= 0 || signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        isOver,
        last: null,
        resolve: () => {
          clearTimeout(late);
          signal.removeEventListener('abort', waiter.resolve);
          this.#leave(id, waiter);
          resolve(waiter.last);
        },
      };
      const late = setTimeout(waiter.resolve, forMs);
      signal.addEventListener('abort', waiter.resolve, { once: true });
      const waiters = this.#waiters.get(id);
      if (waiters === undefined) this.#waiters.set(id, new Set([waiter]));
      else waiters.add(waiter);
      this.#lookLater();
    });
  }

  /** Ends every wait: who waits is answered with what is known. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const waiters of [...this.#waiters.values()]) for (const waiter of [...waiters]) waiter.resolve();
  }

  #leave(id: TransactionId, waiter: Waiter): void {
    const waiters = this.#waiters.get(id);
    waiters?.delete(waiter);
    if (waiters?.size === 0) this.#waiters.delete(id);
  }

  #lookLater(): void {
    if (this.#timer !== null || this.#closed || this.#waiters.size === 0) return;
    this.#timer = setTimeout(() => void this.#look(), this.#options.intervalMs);
  }

  async #look(): Promise<void> {
    const ids = [...this.#waiters.keys()].slice(0, IDS_A_LOOK);
    // Whoever comes to wait while the look is under way may know more than it will bring: rule 3 answers nobody with the past.
    const asking = new Map(ids.map((id) => [id, [...(this.#waiters.get(id) ?? [])]]));
    try {
      const transactions = ids.length > 0 ? await this.#options.read(ids) : [];
      for (const transaction of transactions) tellThem(asking.get(transaction.id) ?? [], transaction);
    } catch (error) {
      this.#options.onFault(error);
    }
    // Those who were asked for go to the end, so that everybody's turn comes.
    for (const id of ids) {
      const waiters = this.#waiters.get(id);
      if (waiters === undefined) continue;
      this.#waiters.delete(id);
      this.#waiters.set(id, waiters);
    }
    this.#timer = null;
    this.#lookLater();
  }
}

function tellThem(waiters: Iterable<Waiter>, transaction: Transaction): void {
  for (const waiter of waiters) {
    waiter.last = transaction;
    if (waiter.isOver(transaction)) waiter.resolve();
  }
}
