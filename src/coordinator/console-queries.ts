// Owns what operators may ask the ledger beyond what callers may, as a port: what is stuck, what is due, and what a number of stock
// is made of. All of it reads along an index, so that a million transactions do not slow it.
import type { HistoryEvent, TransactionId, TransactionState } from './model.ts';
import type { Cursor, Page } from './queries.ts';
import type { Attempt, StoredTransaction } from './rows.ts';

/** A transaction with all that is known of it, in one snapshot. */
export interface Story {
  readonly transaction: StoredTransaction;
  readonly history: readonly HistoryEvent[];
  /** The last ones of each branch, in their order. */
  readonly attempts: readonly Attempt[];
}

export interface Deadline {
  readonly id: TransactionId;
  readonly reference: string | null;
  readonly expiresAt: number;
  readonly state: TransactionState;
}

export interface Deadlines {
  /** How many have come and are not carried out yet, counted up to 10,000. */
  readonly dueNow: number;
  readonly items: readonly Deadline[];
}

/** An open transaction that holds some of a SKU. */
export interface Holder {
  readonly transactionId: TransactionId;
  readonly reference: string | null;
  readonly warehouse: string;
  readonly quantity: number;
  readonly state: TransactionState;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface Holders {
  /** Oldest first. */
  readonly items: readonly Holder[];
  /** Whether some that hold it are not among them. */
  readonly more: boolean;
}

/**
 * What a SKU's counters in one warehouse come from: received − writtenOff + adjusted is what there is, and of that reservedNow and
 * deductedNow are not available (I1). What was refunded is available again; it is told for those who look for it.
 */
export interface StockTotals {
  readonly warehouse: string;
  readonly received: number;
  readonly writtenOff: number;
  /** Signed. */
  readonly adjusted: number;
  readonly reservedNow: number;
  readonly deductedNow: number;
  readonly refunded: number;
}

/** All of them throw DatabaseUnavailable where PostgreSQL does not answer. */
export interface ConsoleQueries {
  /** @returns null for an id that was never seen */
  story(id: TransactionId): Promise<Story | null>;
  /**
   * Those that need attention first, then what has been TRYING, CONFIRMING or CANCELLING for long, then what is over but needs
   * attention for good; each oldest first. Cursor: [which of these, createdAt in ms, id].
   */
  stuck(limit: number, after: Cursor | null): Promise<Page<StoredTransaction>>;
  /** The next deadlines, the earliest first. */
  deadlines(limit: number): Promise<Deadlines>;
  holders(sku: string, limit: number): Promise<Holders>;
  /** By warehouse, sorted. */
  totals(sku: string): Promise<readonly StockTotals[]>;
}
