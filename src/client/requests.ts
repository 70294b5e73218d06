// Owns the types of what a caller says: the bodies, the filters, and the options that every call takes.
import type { MovementKind, TransactionState } from './answers.ts';

export interface CallOptions {
  /** Ends the call at once, the pauses between attempts included; the call then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, in milliseconds: every attempt and every pause. The client's own where it is not given. */
  readonly timeoutMs?: number | undefined;
  /** The trace this call belongs to (W3C Trace Context); the client's own where it is not given. */
  readonly traceparent?: Traceparent | undefined;
}

/** As text, or where to get it; undefined begins a new trace. */
export type Traceparent = string | (() => string | undefined);

export interface WaitOptions extends CallOptions {
  /**
   * How many seconds the coordinator may wait for branches before it answers with the state as it is: a whole
   * number from 0 to 30, and 1 without it.
   */
  readonly waitSeconds?: number | undefined;
}

export interface DecisionOptions extends WaitOptions {
  /** `minimal`: the answer is the id and the state alone. */
  readonly return?: 'minimal' | 'representation' | undefined;
}

export interface BasketItem {
  readonly sku: string;
  /** Without it, the one called `default`. */
  readonly warehouse?: string | undefined;
  /** 1 to 1,000,000,000. */
  readonly quantity: number;
}

export interface BasketBranch {
  readonly participant: string;
  /** Any JSON up to 16 KiB: what the participant is sent. */
  readonly payload?: unknown;
}

/** At least one item or branch. */
export interface Basket {
  /** Any UUID; without it the client makes one. */
  readonly id?: string | undefined;
  readonly items?: readonly BasketItem[] | undefined;
  readonly branches?: readonly BasketBranch[] | undefined;
  /** How long the stock is held, in milliseconds: 100 to 86,400,000; 900,000 without it. */
  readonly timeoutMs?: number | undefined;
  readonly reference?: string | null | undefined;
  /** A JSON object up to 4 KiB. */
  readonly metadata?: object | null | undefined;
}

export interface Confirmation {
  /** Sells these and releases the rest; without it, everything is sold. */
  readonly items?: readonly BasketItem[] | undefined;
}

export interface Cancellation {
  /** Free text, kept as `note`. */
  readonly reason?: string | null | undefined;
}

export interface Refund {
  /** Any UUID; without it the client makes one. */
  readonly id?: string | undefined;
  /** Without it, all that is left. */
  readonly items?: readonly BasketItem[] | undefined;
  readonly reason?: string | null | undefined;
}

export interface Resolution {
  readonly branchId: string;
  readonly as: 'CONFIRMED' | 'CANCELLED';
  readonly note: string;
}

export type Operation =
  | ({ readonly op: 'try' } & Basket)
  | ({ readonly op: 'confirm'; readonly id: string } & Confirmation)
  | ({ readonly op: 'cancel'; readonly id: string } & Cancellation);

export interface PageOptions extends CallOptions {
  /** How many are read at a time, 1 to 500; 50 without it. It does not bound how many come in all. */
  readonly pageSize?: number | undefined;
}

export interface TransactionFilter extends PageOptions {
  readonly state?: TransactionState | undefined;
  readonly sku?: string | undefined;
  readonly reference?: string | undefined;
  readonly needsAttention?: boolean | undefined;
  readonly createdAfter?: string | Date | undefined;
  readonly createdBefore?: string | Date | undefined;
}

export interface StockFilter extends PageOptions {
  readonly prefix?: string | undefined;
  /** Up to 200. */
  readonly skus?: readonly string[] | undefined;
}

export interface StockHistoryFilter extends PageOptions {
  readonly warehouse?: string | undefined;
}

export interface StockMovement {
  /** Any UUID; without it the client makes one. */
  readonly id?: string | undefined;
  readonly sku: string;
  readonly warehouse?: string | undefined;
  readonly kind: MovementKind;
  /** Positive; only an ADJUST is signed. */
  readonly quantity: number;
  readonly reason?: string | null | undefined;
}

/** Exactly one of `available` and `onHand`; with the latter, available becomes onHand − reserved. */
export type StockCount = {
  readonly warehouse?: string | undefined;
  readonly reason?: string | null | undefined;
} & ({ readonly available: number; readonly onHand?: undefined } | { readonly onHand: number; readonly available?: undefined });

export interface CountOptions extends CallOptions {
  /** The ETag that was read: the count is refused with `version-mismatch` where the stock has changed since. */
  readonly ifMatch?: string | undefined;
}

export interface ImportOptions extends CallOptions {
  readonly format: 'csv' | 'ndjson';
}

export interface ParticipantSettings {
  readonly url: string;
  readonly timeoutMs?: number | undefined;
  readonly maxConcurrency?: number | undefined;
  readonly retry?:
    | {
        readonly initialMs?: number | undefined;
        readonly maxMs?: number | undefined;
        readonly attentionAfter?: number | undefined;
      }
    | undefined;
  /** `whsec_…`: what the coordinator signs its calls with. Without one it keeps the one it has, or makes one and answers it. */
  readonly secret?: string | undefined;
}
