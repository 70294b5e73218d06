// Owns what a decision sees and what it changes: the stored rows as plain values, and changes to them as data. Pure.
import { InvariantBroken, type Problem } from '../errors.ts';
import type { Act } from './act.ts';
import type { CallOutcome } from './command.ts';
import type {
  BranchId,
  BranchPhase,
  BranchState,
  ContentHash,
  HistoryEvent,
  Movement,
  MovementId,
  Participant,
  RefundId,
  Shortage,
  StockRow,
  Transaction,
  TransactionId,
} from './model.ts';
import { digestOfSecret } from './secrets.ts';

/** A counter may not pass this (contract, section 2): above it JSON numbers are no longer exact. */
export const COUNTER_LIMIT = Number.MAX_SAFE_INTEGER;

export interface StoredTransaction extends Transaction {
  /** Null where the id was cancelled before its Try. */
  readonly contentHash: ContentHash | null;
  /** Why it was refused at once; null otherwise. */
  readonly shortages: readonly Shortage[] | null;
  /** When the one decision was taken (I5); null while there is none. */
  readonly decidedAt: number | null;
  /** When its body and history were removed; null while they are there. */
  readonly retiredAt: number | null;
}

export interface StoredMovement {
  readonly id: MovementId;
  /** Null for the ADJUST that a count became: its id was made here, and no caller can have sent it. */
  readonly contentHash: ContentHash | null;
  /** What became of it: applied, or refused for lack of stock (kept, so that the same id hears the same, I7). */
  readonly result:
    | { readonly applied: true; readonly movement: Movement }
    | { readonly applied: false; readonly problem: Problem; readonly movement: MovementRequest };
}

/** The part of a movement that its caller gave. */
export type MovementRequest = Omit<Movement, 'stock'>;

export interface StoredRefund {
  readonly transactionId: TransactionId;
  readonly id: RefundId;
  readonly contentHash: ContentHash;
  readonly refusal: Problem | null;
}

/** How much each counter of one SKU in one warehouse changes. The three add up to 0 but for movements (I1). */
export interface StockDelta {
  readonly sku: string;
  readonly warehouse: string;
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
}

/** One call to a participant, as it is kept. */
export interface Attempt {
  readonly transactionId: TransactionId;
  readonly branchId: BranchId;
  /** Counted over all phases, from 1. */
  readonly sequence: number;
  readonly at: number;
  readonly phase: BranchPhase;
  /** Counted within the phase, from 1. */
  readonly attempt: number;
  readonly outcome: CallOutcome;
  readonly status: number | null;
  readonly error: string | null;
  readonly durationMs: number;
  readonly from: BranchState;
  readonly to: BranchState;
}

/** What a decision about a branch's registration needs to know. */
export interface StoredParticipant {
  readonly participant: Participant;
  /** Whether an open transaction names it; read only for those that are to be removed. */
  readonly isInUse: boolean;
  /** Of the secret that calls to it are signed with (secrets.ts); null where it has none, or is not to be put. */
  readonly secretDigest: string | null;
}

export type Change =
  | {
      readonly kind: 'open-transaction';
      readonly transaction: StoredTransaction;
      /** The recorded span of its Try; none where it is not recorded. */
      readonly origin?: string;
      /** Whose reservations these are; none where that is not counted. */
      readonly holder?: string;
    }
  | { readonly kind: 'change-transaction'; readonly before: StoredTransaction; readonly after: StoredTransaction }
  /** I9: with the transaction, before its participant is called. */
  | {
      readonly kind: 'register-branch';
      readonly transactionId: TransactionId;
      readonly branchId: BranchId;
      readonly payload: string | null;
    }
  | { readonly kind: 'record-attempt'; readonly attempt: Attempt }
  | {
      readonly kind: 'put-participant';
      readonly participant: Participant;
      /** Null keeps the one it has. */
      readonly secret: string | null;
      /** Because it had none: if it has another one by now, this must not be stored. */
      readonly isSecretMade: boolean;
    }
  | { readonly kind: 'remove-participant'; readonly name: string }
  | { readonly kind: 'record-event'; readonly transactionId: TransactionId; readonly event: HistoryEvent }
  | { readonly kind: 'record-refund'; readonly refund: StoredRefund; readonly at: number }
  | { readonly kind: 'move-stock'; readonly delta: StockDelta }
  | { readonly kind: 'open-stock'; readonly sku: string; readonly warehouse: string }
  | { readonly kind: 'record-movement'; readonly movement: StoredMovement }
  | { readonly kind: 'record-act'; readonly act: Act };

export interface Rows {
  readonly transactions: Map<TransactionId, StoredTransaction>;
  readonly stock: Map<string, StockRow>;
  readonly movements: Map<MovementId, StoredMovement>;
  readonly refunds: Map<string, StoredRefund>;
  readonly participants: Map<string, StoredParticipant>;
}

export function emptyRows(): Rows {
  return { transactions: new Map(), stock: new Map(), movements: new Map(), refunds: new Map(), participants: new Map() };
}

/** The key of one SKU in one warehouse: neither may contain a space. */
export function stockKey(sku: string, warehouse: string): string {
  return `${sku} ${warehouse}`;
}

/** The key of a refund: its id is unique within its transaction. */
export function refundKey(transactionId: TransactionId, refundId: RefundId): string {
  return `${transactionId} ${refundId}`;
}

/** Every warehouse of a SKU, sorted by warehouse. */
export function stockOfSku(rows: Rows, sku: string): StockRow[] {
  return [...rows.stock.values()].filter((row) => row.sku === sku).sort((a, b) => (a.warehouse < b.warehouse ? -1 : 1));
}

/**
 * Applies changes to the rows a decision saw, in place, so that the next decision of the batch sees them.
 * @throws InvariantBroken where a counter would become negative or unsafe (I2): a decision may never ask for that
 */
export function evolve(rows: Rows, changes: readonly Change[]): void {
  for (const change of changes) {
    switch (change.kind) {
      case 'open-transaction':
        rows.transactions.set(change.transaction.id, change.transaction);
        break;
      case 'change-transaction':
        rows.transactions.set(change.after.id, change.after);
        break;
      case 'record-refund':
        rows.refunds.set(refundKey(change.refund.transactionId, change.refund.id), change.refund);
        break;
      case 'record-movement':
        rows.movements.set(change.movement.id, change.movement);
        break;
      case 'open-stock': {
        const { sku, warehouse } = change;
        rows.stock.set(stockKey(sku, warehouse), { sku, warehouse, available: 0, reserved: 0, deducted: 0, version: 1 });
        break;
      }
      case 'move-stock':
        rows.stock.set(stockKey(change.delta.sku, change.delta.warehouse), moved(rows, change.delta));
        break;
      case 'put-participant': {
        const { participant, secret } = change;
        const known = rows.participants.get(participant.name);
        const secretDigest = secret === null ? (known?.secretDigest ?? null) : digestOfSecret(secret);
        rows.participants.set(participant.name, { participant, isInUse: known?.isInUse ?? false, secretDigest });
        break;
      }
      case 'remove-participant':
        rows.participants.delete(change.name);
        break;
      case 'register-branch':
      case 'record-attempt':
      case 'record-event':
      case 'record-act':
        break;
    }
  }
}

/** The counters after a delta. I2: none is ever negative. */
export function moved(rows: Rows, delta: StockDelta): StockRow {
  const row = rows.stock.get(stockKey(delta.sku, delta.warehouse));
  if (row === undefined) throw new InvariantBroken('I1', `no stock row for ${delta.sku} in ${delta.warehouse}`);
  const after: StockRow = {
    ...row,
    available: row.available + delta.available,
    reserved: row.reserved + delta.reserved,
    deducted: row.deducted + delta.deducted,
    version: row.version + 1,
  };
  if (after.available < 0 || after.reserved < 0 || after.deducted < 0) {
    throw new InvariantBroken('I2', `counters of ${delta.sku} in ${delta.warehouse} would be ${JSON.stringify(after)}`);
  }
  return after;
}
