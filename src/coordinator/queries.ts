// Owns the reads that callers may ask for, as a port: what the ledger answers without changing anything.
import type { HistoryEvent, MovementId, Participant, StockRow, Transaction, TransactionId, TransactionState } from './model.ts';

/** A page of a keyset-ordered list. `next` is opaque to the caller; null on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: Cursor | null;
}

/** Where a list goes on: the key of the last row of the page before, as strings. HTTP seals it into an opaque text. */
export type Cursor = readonly string[];

export interface TransactionFilter {
  readonly state: TransactionState | null;
  readonly sku: string | null;
  readonly reference: string | null;
  readonly needsAttention: boolean | null;
  readonly createdAfter: number | null;
  readonly createdBefore: number | null;
}

export interface StockFilter {
  readonly prefix: string | null;
  readonly skus: readonly string[] | null;
}

/** One line of a SKU's story: a movement, or a reservation as it stands today. */
export interface StockHistoryEntry {
  readonly at: number;
  readonly warehouse: string;
  /** RECEIVE, WRITE_OFF or ADJUST for movements; RESERVATION for reservations; CARRIED for all that retention has removed. */
  readonly kind: string;
  readonly quantity: number;
  readonly transactionId?: TransactionId;
  readonly movementId?: MovementId;
  readonly reason?: string | null;
  /** Of a reservation: where it stands now. */
  readonly state?: string;
  readonly deducted?: number;
  readonly refunded?: number;
  /** When its transaction was decided, and what became of that. */
  readonly settledAt?: number | null;
  readonly transactionState?: string;
  /** Of what was carried: how many there were. */
  readonly reservations?: number;
}

/** A transaction whose deadline has come. */
export interface Due {
  readonly id: TransactionId;
  /** In ms since 1970, by the database's clock. */
  readonly expiresAt: number;
  /** W3C Trace Context of its Try; null where that was not recorded. */
  readonly origin: string | null;
}

/** All of them throw DatabaseUnavailable (errors of the port) where PostgreSQL does not answer. */
export interface Queries {
  /** @returns null for an id that was never seen */
  transaction(
    id: TransactionId,
  ): Promise<{ readonly transaction: Transaction; readonly history: readonly HistoryEvent[] } | null>;
  /** Several at once, without their history; those that were never seen are left out. */
  transactionsById(ids: readonly TransactionId[]): Promise<readonly Transaction[]>;
  /** Every participant, or the one of that name (none where it is not registered); sorted by name. */
  participants(name: string | null): Promise<readonly Participant[]>;
  /** Newest first. Cursor: [createdAt in ms, id]. */
  transactions(filter: TransactionFilter, limit: number, after: Cursor | null): Promise<Page<Transaction>>;
  /** Every warehouse of one SKU, sorted; empty where it was never stocked. */
  stock(sku: string): Promise<readonly StockRow[]>;
  /** One entry per SKU, each with all of its warehouses, sorted by SKU. Cursor: [sku]. */
  stocks(filter: StockFilter, limit: number, after: Cursor | null): Promise<Page<readonly StockRow[]>>;
  /** Newest first. Cursor: [at in ms, id, warehouse]. */
  stockHistory(sku: string, warehouse: string | null, limit: number, after: Cursor | null): Promise<Page<StockHistoryEntry>>;
  /** Resolves where PostgreSQL answers. */
  ping(): Promise<void>;
}

/** PostgreSQL did not answer in time; the same request may be sent again. */
export class DatabaseUnavailable extends Error {
  constructor(cause: unknown) {
    super('PostgreSQL does not answer', { cause });
    this.name = 'DatabaseUnavailable';
  }
}
