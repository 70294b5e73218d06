// Owns the shapes of what the page is answered with: /v1 as its OpenAPI document says, /console/api as src/console makes it.

export type Moment = string;

export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly traceId?: string;
}

export interface Item {
  readonly sku: string;
  readonly warehouse: string;
  readonly quantity: number;
  readonly state: string;
  readonly deducted: number;
  readonly refunded: number;
}

export interface Branch {
  readonly id: string;
  readonly participant: string;
  readonly state: string;
  readonly phase: string | null;
  readonly attempts: number;
  readonly nextAttemptAt: Moment | null;
  readonly lastError: string | null;
  readonly needsAttention: boolean;
}

export interface Transaction {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly note: string | null;
  readonly needsAttention: boolean;
  readonly items: readonly Item[];
  readonly branches: readonly Branch[];
  readonly reference: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly createdAt: Moment;
  readonly expiresAt: Moment;
  readonly updatedAt: Moment;
}

export interface HistoryEvent {
  readonly at: Moment;
  readonly event: string;
  readonly from: string | null;
  readonly to: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface AttemptEntry {
  readonly at: Moment;
  readonly phase: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number | null;
}

export interface BranchStory extends Branch {
  readonly resolved: boolean;
  readonly traceId: string | null;
  readonly underWay: boolean;
  readonly log: readonly AttemptEntry[];
}

export interface TransactionStory {
  readonly transaction: Transaction;
  readonly history: readonly HistoryEvent[];
  readonly branches: readonly BranchStory[];
  readonly next: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

export interface Warehouse {
  readonly warehouse: string;
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
  readonly version: number;
}

export interface Stock {
  readonly sku: string;
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
  readonly warehouses: readonly Warehouse[];
}

export interface Holder {
  readonly transactionId: string;
  readonly reference: string | null;
  readonly warehouse: string;
  readonly quantity: number;
  readonly state: string;
  readonly expiresAt: Moment;
}

/** What a warehouse's numbers are the sum of. */
export interface Totals {
  readonly warehouse: string;
  readonly received: number;
  readonly writtenOff: number;
  readonly adjusted: number;
  readonly reservedNow: number;
  readonly deductedNow: number;
  readonly refunded: number;
  readonly carried?: number;
}

export interface StockStory {
  readonly sku: string;
  readonly warehouses: readonly Warehouse[];
  readonly holders: readonly Holder[];
  readonly holdersMore: boolean;
  readonly totals: readonly Totals[];
}

export interface StockEntry {
  readonly at: Moment;
  readonly warehouse: string;
  readonly kind: string;
  readonly quantity: number;
  readonly transactionId?: string;
  readonly movementId?: string;
  readonly reason?: string | null;
  readonly state?: string;
  readonly deducted?: number;
  readonly refunded?: number;
  readonly settledAt?: Moment | null;
  readonly transactionState?: string;
}

export interface StuckItem {
  readonly id: string;
  readonly reference: string | null;
  readonly state: string;
  readonly since: Moment;
  readonly why: string;
  readonly next: string;
  readonly needsAttention: boolean;
  readonly branches: readonly Omit<Branch, 'needsAttention'>[];
}

export interface DueItem {
  readonly id: string;
  readonly reference: string | null;
  readonly expiresAt: Moment;
  readonly state: string;
}

export interface Due {
  readonly dueNow: number;
  readonly items: readonly DueItem[];
}
