// Owns the port for what is done about the ledger in the background, by one instance at a time: removing what is old, and holding
// counters against the rows that they are the sums of.

export interface CounterKey {
  readonly sku: string;
  readonly warehouse: string;
}

/** A counter as it stands; `content` is the same where nothing of it has changed. */
export interface Counter extends CounterKey {
  readonly content: string;
}

/** By how much a counter differs from its rows (I1, I3). */
export interface Drift extends CounterKey {
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
}

/** All of them throw LedgerFault where PostgreSQL does not answer, or not in time. */
export interface KeepingSession {
  /** @returns how many finished transactions older than that were removed but for their slim rows (rule 10) */
  retire(olderThanDays: number, most: number): Promise<number>;
  /** A page of counters, by SKU and warehouse. */
  counters(after: CounterKey | null, limit: number): Promise<readonly Counter[]>;
  /** Those of them that differ from their rows. */
  drift(counters: readonly CounterKey[]): Promise<readonly Drift[]>;
}

export interface Keeping {
  /**
   * Runs work where no other instance is at it.
   * @returns false where another is
   */
  exclusively(task: 'retention' | 'reconciliation', work: (session: KeepingSession) => Promise<void>): Promise<boolean>;
}
