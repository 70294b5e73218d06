// Owns the form in which decided changes reach save_changes: one JSON list for each set. Deltas of the same counter are added
// up, so that each row is written once.
import type { Branch, BranchId, BranchPhase, TransactionId } from '../coordinator/model.ts';
import {
  type Attempt,
  type Change,
  type StockDelta,
  type StoredMovement,
  type StoredTransaction,
  stockKey,
} from '../coordinator/rows.ts';
import { actRow } from './acts.ts';

type Json = Record<string, unknown>;
type PutParticipant = Change & { readonly kind: 'put-participant' };

interface ChangedTransaction {
  readonly before: StoredTransaction;
  readonly after: StoredTransaction;
}

/** @returns the parameters of save_changes, but for the first */
export function changeParameters(changes: readonly Change[]): (string | null)[] {
  const sets = gathered(changes);
  const { opened, changed, participants, payloads } = sets;
  return [
    [...opened.values()].map((transaction) => ({
      ...transactionRow(transaction),
      origin: sets.origins.get(transaction.id),
      holder: sets.holders.get(transaction.id),
    })),
    [...opened.values()].flatMap(itemRows),
    [...opened.values()].flatMap((transaction) => openedBranchRows(transaction, payloads)),
    [...changed.values()].map(({ before, after }) => ({ ...transactionRow(after), from_state: before.state })),
    [...changed.values()].flatMap(changedItemRows),
    [...changed.values()].flatMap(changedBranchRows).sort(byKey),
    sets.openedStock,
    [...sets.deltas.values()],
    sets.movements,
    sets.refunds,
    sets.events,
    sets.attempts,
    [...participants.values()].map(participantRow),
    [...sets.removed].map((name) => ({ name })),
    sets.acts,
  ].map((rows) => (rows.length === 0 ? null : JSON.stringify(rows)));
}

interface Sets {
  /** A transaction opened and changed in the same batch is stored as it ends: one insert, no update. */
  readonly opened: Map<TransactionId, StoredTransaction>;
  readonly origins: Map<TransactionId, string>;
  readonly holders: Map<TransactionId, string>;
  readonly changed: Map<TransactionId, ChangedTransaction>;
  readonly payloads: Map<BranchId, string | null>;
  readonly openedStock: Json[];
  readonly deltas: Map<string, StockDelta & { changes: number }>;
  readonly movements: Json[];
  readonly refunds: Json[];
  readonly events: Json[];
  readonly attempts: Json[];
  readonly acts: Json[];
  /** As they are put last. */
  readonly participants: Map<string, PutParticipant>;
  /** Before those are put. */
  readonly removed: Set<string>;
}

function gathered(changes: readonly Change[]): Sets {
  const sets: Sets = {
    ...{
      opened: new Map(),
      origins: new Map(),
      holders: new Map(),
      changed: new Map(),
      payloads: new Map(),
      deltas: new Map(),
      participants: new Map(),
      removed: new Set(),
    },
    ...{ openedStock: [], movements: [], refunds: [], events: [], attempts: [], acts: [] },
  };
  for (const change of changes) gather(sets, change);
  return sets;
}

function gather(sets: Sets, change: Change): void {
  const { opened, changed } = sets;
  switch (change.kind) {
    case 'open-transaction':
      opened.set(change.transaction.id, change.transaction);
      if (change.origin !== undefined) sets.origins.set(change.transaction.id, change.origin);
      if (change.holder !== undefined) sets.holders.set(change.transaction.id, change.holder);
      break;
    case 'change-transaction': {
      const { id } = change.after;
      if (opened.has(id)) opened.set(id, change.after);
      else changed.set(id, { before: changed.get(id)?.before ?? change.before, after: change.after });
      break;
    }
    case 'register-branch':
      sets.payloads.set(change.branchId, change.payload);
      break;
    case 'record-attempt':
      sets.attempts.push(attemptRow(change.attempt));
      break;
    case 'put-participant': {
      const { name } = change.participant;
      const earlier = sets.participants.get(name);
      const { secret, isSecretMade } = change.secret === null && earlier !== undefined ? earlier : change;
      sets.participants.set(name, { ...change, secret, isSecretMade });
      break;
    }
    case 'remove-participant':
      sets.removed.add(change.name);
      sets.participants.delete(change.name);
      break;
    case 'open-stock':
      sets.openedStock.push({ sku: change.sku, warehouse: change.warehouse });
      break;
    case 'move-stock':
      addDelta(sets.deltas, change.delta);
      break;
    case 'record-movement':
      sets.movements.push(movementRow(change.movement));
      break;
    case 'record-refund': {
      const { transactionId, id, contentHash, refusal } = change.refund;
      sets.refunds.push({ transaction_id: transactionId, id, content_hash: contentHash, at_ms: change.at, refusal });
      break;
    }
    case 'record-act':
      sets.acts.push(actRow(change.act));
      break;
    case 'record-event': {
      const { at, event, from, to, detail } = change.event;
      sets.events.push({ transaction_id: change.transactionId, at_ms: at, event, from_state: from, to_state: to, detail });
      break;
    }
  }
}

function transactionRow(transaction: StoredTransaction): Json {
  return {
    id: transaction.id,
    state: transaction.state,
    reason: transaction.reason,
    note: transaction.note,
    needs_attention: transaction.needsAttention,
    branch_count: transaction.branches.length,
    is_asking: transaction.branches.some(({ work }) => work.kind === 'under-way'),
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

/** A reply moves branches and hardly ever items: what did not change is not written. */
function changedItemRows({ before, after }: ChangedTransaction): Json[] {
  return before.items === after.items ? [] : itemRows(after);
}

/** A branch whose Try and more fell into one batch is stored as it ends. */
function openedBranchRows(transaction: StoredTransaction, payloads: ReadonlyMap<BranchId, string | null>): Json[] {
  return transaction.branches.map((branch, position) => ({
    ...branchRow(transaction, branch),
    position,
    participant: branch.participant,
    payload: payloads.get(branch.id) ?? null,
  }));
}

function changedBranchRows({ before, after }: ChangedTransaction): (Json & { transaction_id: string; id: string })[] {
  return after.branches.flatMap((branch, position) => {
    const earlier = before.branches[position];
    if (earlier === undefined || earlier === branch) return [];
    return [
      {
        ...branchRow(after, branch),
        from_fence: earlier.fence,
        granted: branch.work.kind === 'under-way' && branch.fence !== earlier.fence,
        updated_ms: after.updatedAt,
      },
    ];
  });
}

function branchRow(transaction: StoredTransaction, branch: Branch): Json & { transaction_id: string; id: string } {
  const { id, state, work, attempts, failures, lastError, resolved, fence, traceparent } = branch;
  return {
    transaction_id: transaction.id,
    id,
    state,
    phase: work.kind === 'none' ? lastPhaseOf(branch) : work.phase,
    attempts,
    failures,
    attempts_in_all: branch.attemptsInAll,
    last_error: lastError,
    next_attempt_ms: work.kind === 'waiting' ? work.at : null,
    under_way: work.kind === 'under-way',
    needs_attention: branch.needsAttention,
    resolved,
    fence,
    traceparent,
  };
}

function lastPhaseOf({ state }: Branch): BranchPhase {
  if (state === 'CONFIRMED') return 'confirm';
  return state === 'CANCELLED' ? 'cancel' : 'try';
}

type BranchKey = { readonly transaction_id: string; readonly id: string };

/** The order in which every writer takes branches. */
function byKey(a: BranchKey, b: BranchKey): number {
  if (a.transaction_id !== b.transaction_id) return a.transaction_id < b.transaction_id ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}

function attemptRow(attempt: Attempt): Json {
  const { transactionId, branchId, sequence, at, phase, outcome, status, error, durationMs, from, to } = attempt;
  const key = { transaction_id: transactionId, branch_id: branchId, sequence, at_ms: at, phase, attempt: attempt.attempt };
  return { ...key, outcome, status, error, duration_ms: durationMs, from_state: from, to_state: to };
}

function participantRow(change: PutParticipant): Json {
  const { name, url, timeoutMs, maxConcurrency, retry, createdAt, updatedAt } = change.participant;
  return {
    name,
    url,
    timeout_ms: timeoutMs,
    max_concurrency: maxConcurrency,
    retry_initial_ms: retry.initialMs,
    retry_max_ms: retry.maxMs,
    retry_attention_after: retry.attentionAfter,
    secret: change.secret,
    is_secret_made: change.isSecretMade,
    created_ms: createdAt,
    updated_ms: updatedAt,
  };
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
