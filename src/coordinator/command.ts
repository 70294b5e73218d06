// Owns the commands: everything that may change state, as plain values. HTTP, timers and recovery only make commands;
// the lane is the one way in.
import type { Problem } from '../errors.ts';
import type {
  BasketItem,
  ContentHash,
  Movement,
  MovementId,
  MovementKind,
  RefundId,
  StockRow,
  Transaction,
  TransactionBrief,
  TransactionId,
} from './model.ts';

/** How much of the transaction the caller wants back. */
export type ReplyForm = 'whole' | 'minimal';

export interface TryCommand {
  readonly kind: 'try';
  readonly id: TransactionId;
  /** False where the server made the id: then no earlier request can have used it, and a refusal stores nothing. */
  readonly idGiven: boolean;
  readonly contentHash: ContentHash;
  readonly items: readonly BasketItem[];
  readonly timeoutMs: number;
  readonly reference: string | null;
  /** As JSON text. */
  readonly metadata: string | null;
  readonly reply: ReplyForm;
}

export interface ConfirmCommand {
  readonly kind: 'confirm';
  readonly id: TransactionId;
  /** Null confirms everything; otherwise these are sold and the rest is released. */
  readonly items: readonly BasketItem[] | null;
  readonly reply: ReplyForm;
}

export interface CancelCommand {
  readonly kind: 'cancel';
  readonly id: TransactionId;
  readonly note: string | null;
  readonly reply: ReplyForm;
}

export interface ExtendCommand {
  readonly kind: 'extend';
  readonly id: TransactionId;
  /** From now, by the database's clock. */
  readonly timeoutMs: number;
}

export interface RefundCommand {
  readonly kind: 'refund';
  readonly id: TransactionId;
  /** Null only where `items` is null: "all that is left" is idempotent by itself. */
  readonly refundId: RefundId | null;
  readonly items: readonly BasketItem[] | null;
  readonly reason: string | null;
  readonly contentHash: ContentHash;
}

/** The deadline has come; made by timers only. Refused while it has not, by the database's clock. */
export interface ExpireCommand {
  readonly kind: 'expire';
  readonly id: TransactionId;
}

export interface MoveStockCommand {
  readonly kind: 'move-stock';
  readonly id: MovementId;
  readonly idGiven: boolean;
  readonly contentHash: ContentHash;
  readonly sku: string;
  readonly warehouse: string;
  readonly movementKind: MovementKind;
  /** As the caller gave it: positive, or signed for ADJUST. */
  readonly quantity: number;
  readonly reason: string | null;
}

export interface CountStockCommand {
  readonly kind: 'count-stock';
  /** Of the ADJUST it becomes. Made by the server, so that a retried commit is recognised. */
  readonly id: MovementId;
  readonly sku: string;
  readonly warehouse: string;
  readonly counted: { readonly available: number } | { readonly onHand: number };
  readonly reason: string | null;
  /** The versions If-Match accepts; null without the header; 'any' for `*` (the SKU must exist). */
  readonly ifMatch: readonly string[] | 'any' | null;
}

export type TransactionCommand = TryCommand | ConfirmCommand | CancelCommand | ExtendCommand | RefundCommand | ExpireCommand;
export type StockCommand = MoveStockCommand | CountStockCommand;
export type Command = TransactionCommand | StockCommand;

export interface Refused {
  readonly ok: false;
  /** True where an earlier request with this id was refused so, and this is its answer again. */
  readonly replayed: boolean;
  readonly problem: Problem;
}

export interface TransactionAccepted {
  readonly ok: true;
  readonly replayed: boolean;
  readonly transaction: Transaction | TransactionBrief;
}

export interface MovementAccepted {
  readonly ok: true;
  readonly replayed: boolean;
  readonly movement: Movement;
}

export interface StockCounted {
  readonly ok: true;
  readonly replayed: boolean;
  /** Every warehouse of the SKU, after it. */
  readonly stock: readonly StockRow[];
}

/** What became of a command; which success depends on its kind. */
export type VerdictOf<C extends Command> = C extends TransactionCommand
  ? TransactionAccepted | Refused
  : C extends MoveStockCommand
    ? MovementAccepted | Refused
    : C extends CountStockCommand
      ? StockCounted | Refused
      : never;
export type Verdict = TransactionAccepted | MovementAccepted | StockCounted | Refused;

/** The one way in. Never rejects for a foreseen reason: a full queue and a lost database are Refused too. */
export interface Coordinator {
  submit<C extends Command>(command: C): Promise<VerdictOf<C>>;
}

/**
 * Who waits for whom: commands on one key take effect in the order they came, those on different keys in any.
 * @returns the transaction's id, or the SKU for stock commands
 */
export function orderingKey(command: Command): string {
  switch (command.kind) {
    case 'move-stock':
    case 'count-stock':
      return command.sku;
    default:
      return command.id;
  }
}
