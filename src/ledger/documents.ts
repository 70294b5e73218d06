// Owns the JSON that the functions in sql/functions answer with, and turns it into the core's rows. The database is ours
// alone, so its answers are read as what they are declared to be, without checking each field again.

import type { Snapshot } from '../coordinator/ledger.ts';
import type {
  Branch,
  BranchId,
  BranchPhase,
  BranchState,
  BranchWork,
  CancelReason,
  ContentHash,
  HistoryEvent,
  Item,
  ItemState,
  MovementId,
  MovementKind,
  Participant,
  RefundId,
  Shortage,
  StockRow,
  TransactionId,
  TransactionState,
} from '../coordinator/model.ts';
import {
  type Attempt,
  emptyRows,
  refundKey,
  type StoredMovement,
  type StoredTransaction,
  stockKey,
} from '../coordinator/rows.ts';
import type { Problem } from '../errors.ts';

export type StockTuple = [string, string, number, number, number, number];
type ItemTuple = [string, string, number, ItemState, number, number];
type BranchTuple = [
  id: BranchId,
  participant: string,
  state: BranchState,
  phase: BranchPhase,
  nextAttemptAt: number | null,
  isLeased: boolean,
  attempts: number,
  failures: number,
  attemptsInAll: number,
  lastError: string | null,
  needsAttention: boolean,
  resolved: boolean,
  fence: number,
  traceparent: string,
];
type EventTuple = [number, string, TransactionState | null, TransactionState, Record<string, unknown> | null];

interface TransactionDocument {
  readonly id: TransactionId;
  readonly state: TransactionState;
  readonly reason: CancelReason | null;
  readonly note: string | null;
  readonly needsAttention: boolean;
  readonly contentHash: ContentHash | null;
  readonly reference: string | null;
  readonly metadata: string | null;
  readonly shortages: readonly Shortage[] | null;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly decidedAt: number | null;
  readonly retiredAt: number | null;
  readonly updatedAt: number;
  readonly items: readonly ItemTuple[];
  readonly branches: readonly BranchTuple[] | null;
}

interface MovementDocument {
  readonly id: MovementId;
  readonly contentHash: ContentHash | null;
  readonly sku: string;
  readonly warehouse: string;
  readonly kind: MovementKind;
  readonly quantity: number;
  readonly reason: string | null;
  readonly at: number;
  readonly refusal: Problem | null;
  readonly after: StockTuple;
}

interface RowsDocument {
  readonly now: number;
  readonly transactions: readonly TransactionDocument[] | null;
  readonly stock: readonly StockTuple[] | null;
  readonly movements: readonly MovementDocument[] | null;
  readonly refunds:
    | readonly { transactionId: TransactionId; id: RefundId; contentHash: ContentHash; refusal: Problem | null }[]
    | null;
  readonly participants: readonly [participant: Participant, isInUse: boolean, secretDigest: string | null][] | null;
}

interface LockedDocument {
  /** Null where another writer is making one of the rows right now. */
  readonly locked: readonly [transactions: number, stock: number, participants: number] | null;
  readonly loaded: RowsDocument;
}

/** Reads what load_rows answers. */
export function snapshotOf(text: string): Snapshot {
  return rowsOf(JSON.parse(text) as RowsDocument);
}

/**
 * Reads what lock_rows answers.
 * @returns null where a row is being made by another, or came to be between the locks and the look, so that it is not locked
 */
export function lockedSnapshotOf(text: string): Snapshot | null {
  const { locked, loaded } = JSON.parse(text) as LockedDocument;
  if (locked === null) return null;
  const snapshot = rowsOf(loaded);
  const { transactions, stock, participants } = snapshot.rows;
  const isWhole = transactions.size === locked[0] && stock.size === locked[1] && participants.size === locked[2];
  return isWhole ? snapshot : null;
}

function rowsOf(document: RowsDocument): Snapshot {
  const rows = emptyRows();
  for (const stored of document.transactions ?? []) rows.transactions.set(stored.id, transactionOf(stored));
  for (const tuple of document.stock ?? []) rows.stock.set(stockKey(tuple[0], tuple[1]), stockOf(tuple));
  for (const stored of document.movements ?? []) rows.movements.set(stored.id, movementOf(stored));
  for (const stored of document.refunds ?? []) rows.refunds.set(refundKey(stored.transactionId, stored.id), stored);
  for (const [participant, isInUse, secretDigest] of document.participants ?? [])
    rows.participants.set(participant.name, { participant, isInUse, secretDigest });
  return { now: document.now, rows };
}

/** Reads several, as one list. */
export function transactionsOfDocuments(documents: readonly TransactionDocument[] | null): readonly StoredTransaction[] {
  return (documents ?? []).map(transactionOf);
}

/** Reads a transaction_document. */
export function transactionOfText(text: string): StoredTransaction {
  return transactionOf(JSON.parse(text) as TransactionDocument);
}

function transactionOf({ items, branches, ...rest }: TransactionDocument): StoredTransaction {
  return { ...rest, items: items.map(itemOf), branches: (branches ?? []).map(branchOf) };
}

function branchOf(tuple: BranchTuple): Branch {
  const [id, participant, state, phase, nextAttemptAt, isLeased, attempts, failures, attemptsInAll, lastError] = tuple;
  const [, , , , , , , , , , needsAttention, resolved, fence, traceparent] = tuple;
  const work = workOf(phase, nextAttemptAt, isLeased);
  const counts = { attempts, failures, attemptsInAll };
  return { id, participant, state, work, ...counts, lastError, needsAttention, resolved, fence, traceparent };
}

function workOf(phase: BranchPhase, nextAttemptAt: number | null, isLeased: boolean): BranchWork {
  if (nextAttemptAt !== null) return { kind: 'waiting', phase, at: nextAttemptAt };
  return isLeased ? { kind: 'under-way', phase } : { kind: 'none' };
}

function itemOf([sku, warehouse, quantity, state, deducted, refunded]: ItemTuple): Item {
  return { sku, warehouse, quantity, state, deducted, refunded };
}

export function stockOf([sku, warehouse, available, reserved, deducted, version]: StockTuple): StockRow {
  return { sku, warehouse, available, reserved, deducted, version };
}

function movementOf({ contentHash, refusal, after, ...request }: MovementDocument): StoredMovement {
  const result =
    refusal === null
      ? ({ applied: true, movement: { ...request, stock: stockOf(after) } } as const)
      : ({ applied: false, problem: refusal, movement: request } as const);
  return { id: request.id, contentHash, result };
}

/** Reads the attempts of transaction_by_id.sql. */
export function attemptsOfText(text: string | null): Attempt[] {
  return text === null ? [] : (JSON.parse(text) as Attempt[]);
}

/** Reads the events of transaction_by_id.sql. */
export function eventsOfText(text: string | null): HistoryEvent[] {
  const tuples = text === null ? [] : (JSON.parse(text) as EventTuple[]);
  return tuples.map(([at, event, from, to, detail]) => ({ at, event, from, to, detail }));
}
