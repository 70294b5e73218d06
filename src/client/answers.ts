// Owns the types of what the coordinator answers. They describe; nothing here runs.

export type TransactionState = 'TRYING' | 'TRIED' | 'CONFIRMING' | 'CONFIRMED' | 'CANCELLING' | 'CANCELLED';
export type ItemState = 'AVAILABLE' | 'RESERVED' | 'DEDUCTED';
export type BranchState = 'REGISTERED' | 'TRIED' | 'REFUSED' | 'CONFIRMED' | 'CANCELLED';
export type CancelReason = 'requested' | 'expired' | 'insufficient-stock' | 'participant-refused' | 'cancelled-before-try';
export type MovementKind = 'RECEIVE' | 'WRITE_OFF' | 'ADJUST';

export interface Item {
  readonly sku: string;
  readonly warehouse: string;
  readonly quantity: number;
  readonly state: ItemState;
  /** How many of it were sold, all told. */
  readonly deducted: number;
  /** How many of those came back. */
  readonly refunded: number;
}

export interface Branch {
  readonly id: string;
  readonly participant: string;
  readonly state: BranchState;
  /** What the participant is being asked for; null while nothing is asked of it. */
  readonly phase?: 'try' | 'confirm' | 'cancel' | null | undefined;
  /** Those of the present phase. */
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly lastError: string | null;
  /** Whether this is what its transaction needs attention for. */
  readonly needsAttention?: boolean | undefined;
}

/** What `return: 'minimal'` is answered with. */
export interface TransactionBrief {
  readonly id: string;
  readonly state: TransactionState;
}

/** Moments are ISO 8601 in UTC. */
export interface Transaction extends TransactionBrief {
  readonly reason: CancelReason | null;
  /** What a cancel gave as its reason. */
  readonly note: string | null;
  readonly needsAttention: boolean;
  readonly items: readonly Item[];
  readonly branches: readonly Branch[];
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly updatedAt: string;
}

/** `from` and `to` are states of the transaction; of a branch in events that tell of its attempts. */
export interface HistoryEvent {
  readonly at: string;
  readonly event: string;
  readonly from: TransactionState | BranchState | null;
  readonly to: TransactionState | BranchState;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface TransactionWithHistory extends Transaction {
  readonly history: readonly HistoryEvent[];
}

export interface StockRow {
  readonly warehouse: string;
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
  /** Grows with every change. */
  readonly version: number;
}

/** The sums over all warehouses, and each of them. */
export interface Stock {
  readonly sku: string;
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
  readonly warehouses: readonly StockRow[];
}

/** With the version to name in `ifMatch`; null where something between hid the header. */
export interface StockWithTag extends Stock {
  readonly etag: string | null;
}

export interface Movement {
  readonly id: string;
  readonly sku: string;
  readonly warehouse: string;
  readonly kind: MovementKind;
  readonly quantity: number;
  readonly reason: string | null;
  readonly at: string;
  /** What the counters were right after it. */
  readonly stock: StockRow;
}

/** One movement, or one reservation as it stands today. */
export interface StockHistoryEntry {
  readonly at: string;
  readonly warehouse: string;
  readonly kind: string;
  readonly quantity: number;
  readonly transactionId?: string | undefined;
  readonly movementId?: string | undefined;
  readonly reason?: string | null | undefined;
  readonly state?: string | undefined;
  readonly deducted?: number | undefined;
  readonly refunded?: number | undefined;
  /** When the transaction of a reservation was decided. */
  readonly settledAt?: string | null | undefined;
  readonly transactionState?: string | undefined;
}

export interface ImportReport {
  readonly accepted: number;
  readonly rejected: number;
  /** The first 1,000; `line` counts from 1, the header included. */
  readonly errors: readonly { readonly line: number; readonly code: string; readonly detail: string }[];
}

export interface Participant {
  readonly name: string;
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly retry: { readonly initialMs: number; readonly maxMs: number; readonly attentionAfter: number };
  /** What calls are signed with, where the coordinator has just made it: in the answer to that `put` and in no other. */
  readonly secret?: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface Page<Entry> {
  readonly items: readonly Entry[];
  readonly nextCursor: string | null;
}
