// Owns the form in which decided changes reach save_changes: one JSON document of sets. Deltas of the same counter are
// added up, so that each row is written once.
import type { TransactionId } from '../coordinator/model.ts';
import { type Change, type StockDelta, type StoredMovement, type StoredTransaction, stockKey } from '../coordinator/rows.ts';

type Json = Record<string, unknown>;

interface ChangedTransaction {
  readonly before: StoredTransaction;
  readonly after: StoredTransaction;
}

/** @returns the parameter of save_changes */
export function changesDocument(changes: readonly Change[]): string {
  const document = {
    opened_stock: [] as Json[],
    movements: [] as Json[],
    refunds: [] as Json[],
    events: [] as Json[],
  };
  // A transaction opened and changed in the same batch is stored as it ends: one insert, no update.
  const opened = new Map<TransactionId, StoredTransaction>();
  const changed = new Map<TransactionId, ChangedTransaction>();
  const deltas = new Map<string, StockDelta & { changes: number }>();
  for (const change of changes) {
    switch (change.kind) {
      case 'open-transaction':
        opened.set(change.transaction.id, change.transaction);
        break;
      case 'change-transaction':
        if (opened.has(change.after.id)) opened.set(change.after.id, change.after);
        else changed.set(change.after.id, { before: changed.get(change.after.id)?.before ?? change.before, after: change.after });
        break;
      case 'open-stock':
        document.opened_stock.push({ sku: change.sku, warehouse: change.warehouse });
        break;
      case 'move-stock':
        addDelta(deltas, change.delta);
        break;
      case 'record-movement':
        document.movements.push(movementRow(change.movement));
        break;
      case 'record-refund': {
        const { transactionId, id, contentHash, refusal } = change.refund;
        document.refunds.push({ transaction_id: transactionId, id, content_hash: contentHash, at_ms: change.at, refusal });
        break;
      }
      case 'record-event': {
        const { at, event, from, to, detail } = change.event;
        document.events.push({ transaction_id: change.transactionId, at_ms: at, event, from_state: from, to_state: to, detail });
        break;
      }
    }
  }
  return JSON.stringify({
    ...document,
    opened: [...opened.values()].map(transactionRow),
    opened_items: [...opened.values()].flatMap(itemRows),
    changed: [...changed.values()].map(({ before, after }) => ({ ...transactionRow(after), from_state: before.state })),
    changed_items: [...changed.values()].flatMap(({ after }) => itemRows(after)),
    deltas: [...deltas.values()],
  });
}

function transactionRow(transaction: StoredTransaction): Json {
  return {
    id: transaction.id,
    state: transaction.state,
    reason: transaction.reason,
    note: transaction.note,
    content_hash: transaction.contentHash,
    reference: transaction.reference,
    metadata: transaction.metadata,
    shortages: transaction.shortages,
    created_ms: transaction.createdAt,
    expires_ms: transaction.expiresAt,
    decided_ms: transaction.decidedAt,
    updated_ms: transaction.updatedAt,
  };
}

function itemRows(transaction: StoredTransaction): Json[] {
  return transaction.items.map((item) => ({ transaction_id: transaction.id, ...item, created_ms: transaction.createdAt }));
}

function movementRow({ contentHash, result }: StoredMovement): Json {
  const { id, sku, warehouse, kind, quantity, reason, at } = result.movement;
  const row = { id, sku, warehouse, kind, quantity, reason, content_hash: contentHash, at_ms: at };
  if (!result.applied) return { ...row, delta: 0, refusal: result.problem };
  const { stock } = result.movement;
  return {
    ...row,
    delta: kind === 'WRITE_OFF' ? -quantity : quantity,
    available_after: stock.available,
    reserved_after: stock.reserved,
    deducted_after: stock.deducted,
    version_after: stock.version,
  };
}

function addDelta(deltas: Map<string, StockDelta & { changes: number }>, delta: StockDelta): void {
  const key = stockKey(delta.sku, delta.warehouse);
  const sum = deltas.get(key);
  deltas.set(key, {
    sku: delta.sku,
    warehouse: delta.warehouse,
    available: (sum?.available ?? 0) + delta.available,
    reserved: (sum?.reserved ?? 0) + delta.reserved,
    deducted: (sum?.deducted ?? 0) + delta.deducted,
    changes: (sum?.changes ?? 0) + 1,
  });
}
