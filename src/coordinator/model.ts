// Owns the domain's nouns as the core sees them: transactions, items, stock, movements. Times are milliseconds since 1970
// by the database's clock.
import type { BranchPhase, BranchState, ItemState, TransactionState } from '../../workflows/states.ts';

export type { BranchPhase, BranchState, ItemState, TransactionState };

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** A lower-case UUID of any version. The four spaces of ids are separate; the types keep them so. */
export type TransactionId = Branded<string, 'TransactionId'>;
export type MovementId = Branded<string, 'MovementId'>;
export type RefundId = Branded<string, 'RefundId'>;
export type BranchId = Branded<string, 'BranchId'>;
/** SHA-256 of normalised content, 64 lower-case hex digits. */
export type ContentHash = Branded<string, 'ContentHash'>;

export type CancelReason = 'requested' | 'expired' | 'insufficient-stock' | 'participant-refused' | 'cancelled-before-try';

/** What is asked for: merged (one line per SKU and warehouse) and sorted by SKU, then warehouse. See basket.ts. */
export interface BasketItem {
  readonly sku: string;
  readonly warehouse: string;
  readonly quantity: number;
}

export interface Item extends BasketItem {
  readonly state: ItemState;
  /** How many were sold of it, all told; `refunded` of them came back. */
  readonly deducted: number;
  readonly refunded: number;
}

/** What is being done about a branch: nothing, its participant is asked (again) from a time on, or is being asked now. */
export type BranchWork =
  | { readonly kind: 'none' }
  | { readonly kind: 'waiting'; readonly phase: BranchPhase; readonly at: number }
  | { readonly kind: 'under-way'; readonly phase: BranchPhase };

/** The part of a transaction that a remote participant holds. */
export interface Branch {
  readonly id: BranchId;
  readonly participant: string;
  readonly state: BranchState;
  readonly work: BranchWork;
  /** Those of the present phase. */
  readonly attempts: number;
  /** Those of the present phase that failed: the backoff grows with them. */
  readonly failures: number;
  /** Those of all phases. */
  readonly attemptsInAll: number;
  readonly lastError: string | null;
  readonly needsAttention: boolean;
  /** Whether an operator settled it. */
  readonly resolved: boolean;
  /** Grows with every grant of the work to a coordinator: a reply to an earlier grant changes nothing (I11). */
  readonly fence: number;
  /** W3C Trace Context of the caller whose wish is being carried out. */
  readonly traceparent: string;
}

export interface RetryPolicy {
  readonly initialMs: number;
  readonly maxMs: number;
  /** From this many attempts of a phase on, a branch that fails needs attention. */
  readonly attentionAfter: number;
}

/** A remote service that takes part in transactions. */
export interface Participant {
  readonly name: string;
  readonly url: string;
  /** For a whole call, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  readonly maxConcurrency: number;
  readonly retry: RetryPolicy;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface Shortage {
  readonly sku: string;
  readonly warehouse: string;
  readonly requested: number;
  readonly available: number;
}

export interface Transaction {
  readonly id: TransactionId;
  readonly state: TransactionState;
  readonly reason: CancelReason | null;
  readonly note: string | null;
  readonly needsAttention: boolean;
  readonly items: readonly Item[];
  readonly branches: readonly Branch[];
  readonly reference: string | null;
  /** As JSON text: the core never looks inside. */
  readonly metadata: string | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly updatedAt: number;
}

/** `Prefer: return=minimal`: all that such a caller is told. */
export interface TransactionBrief {
  readonly id: TransactionId;
  readonly state: TransactionState;
}

export interface HistoryEvent {
  readonly at: number;
  readonly event: string;
  /** Of the transaction; of the branch, where `detail` names one. */
  readonly from: TransactionState | BranchState | null;
  readonly to: TransactionState | BranchState;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

/** The counters of one SKU in one warehouse. `version` grows with every change. */
export interface StockRow {
  readonly sku: string;
  readonly warehouse: string;
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
  readonly version: number;
}

export type MovementKind = 'RECEIVE' | 'WRITE_OFF' | 'ADJUST';

export interface Movement {
  readonly id: MovementId;
  readonly sku: string;
  readonly warehouse: string;
  readonly kind: MovementKind;
  /** Positive for RECEIVE and WRITE_OFF, signed and never 0 for ADJUST. */
  readonly quantity: number;
  readonly reason: string | null;
  readonly at: number;
  /** The counters right after it. */
  readonly stock: StockRow;
}
