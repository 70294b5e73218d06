// Decides what ends a reservation: confirm (whole or in part), cancel and expire. Rules 3 to 7 of the contract.
// I5: decided once. I8: no confirm at or after the deadline, by the database's clock.
import { stepReservation, stepTransaction } from '../../../workflows/step.ts';
import { InvariantBroken, type Problem, problem } from '../../errors.ts';
import type { CancelCommand, ConfirmCommand, ExpireCommand, Refused, TransactionAccepted } from '../command.ts';
import type { BasketItem, HistoryEvent, Item, TransactionId } from '../model.ts';
import { type Change, type Rows, type StockDelta, type StoredTransaction, stockKey } from '../rows.ts';
import { beginPhaseTwo } from './branches.ts';
import { accept, byOperator, type Decision, expiredProblem, refuse, refuseWith, wrongState } from './decision.ts';

type Outcome = Decision<TransactionAccepted | Refused>;

export function decideConfirm(rows: Rows, command: ConfirmCommand, now: number): Outcome {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  if (known.reason === 'expired') return refuse(expiredProblem(known));
  const hasBranches = known.branches.length > 0;
  if (hasBranches && command.items !== null) return refuse(notInPart());
  if (known.state === 'CONFIRMED' || known.state === 'CONFIRMING') return confirmAgain(known, command);
  const step = stepTransaction(known.state, 'CONFIRM', { hasBranches });
  if (known.state === 'TRYING' && now < known.expiresAt) return refuse(notYetTried(known));
  if (step === null && known.state !== 'TRYING') return wrongState(known, 'be confirmed');
  if (step === null || now >= known.expiresAt) return refuse(expiredProblem(known));
  const sold = command.items ?? known.items;
  const excess = excessOf(sold, known.items, (item) => item.quantity);
  if (excess !== null) return excess;
  const { items, deltas } = settleItems(known.items, (item) => quantityIn(sold, item));
  // I9: decided in the commit that asks the branches, and only then are they told.
  const branches = beginPhaseTwo(known.branches, 'confirm', command.traceparent);
  const after: StoredTransaction = { ...known, state: step.to, items, branches, decidedAt: now, updatedAt: now };
  return accept(after, command.reply, false, changesOf(known, after, deltas));
}

/** Rule 7: it may be tried in a moment. */
function notYetTried(known: StoredTransaction): Problem {
  const detail = `Transaction ${known.id} is still TRYING; it can be confirmed once its participants have answered.`;
  return { ...problem('invalid-transition', detail, { state: known.state }), retryable: true };
}

/** Contract, section 4: a participant knows nothing of parts. */
function notInPart(): Problem {
  const message = 'a transaction with branches is confirmed whole';
  return problem('invalid-request', `items: ${message}`, { errors: [{ path: 'items', message }] });
}

/** Rule 3: the same confirm again is answered again; another choice of items is a contradiction. */
function confirmAgain(known: StoredTransaction, command: ConfirmCommand): Outcome {
  // Rule 10: which of its items were confirmed is no longer known.
  if (known.retiredAt !== null) return accept(known, command.reply, true);
  const asked = command.items ?? known.items;
  const same =
    known.items.every((item) => quantityIn(asked, item) === item.deducted) &&
    excessOf(asked, known.items, () => Infinity) === null;
  if (same) return accept(known, command.reply, true);
  return refuse(
    problem('idempotency-mismatch', `Transaction ${known.id} was confirmed with other items.`, { state: known.state }),
  );
}

export function decideCancel(rows: Rows, command: CancelCommand, now: number): Outcome {
  const known = rows.transactions.get(command.id);
  if (known === undefined) {
    const cancelled = cancelledBeforeTry(command, now);
    const changes: readonly Change[] = [{ kind: 'open-transaction', transaction: cancelled }];
    return byOperator(accept(cancelled, command.reply, false, changes), command, null, now);
  }
  if (known.state === 'CANCELLED' || known.state === 'CANCELLING') return accept(known, command.reply, true);
  // Rule 5: at or after the deadline it is the deadline that won, whoever says so first.
  const reason = now >= known.expiresAt ? 'expired' : 'requested';
  const released = release(known, 'CANCEL', { reason, note: command.note, traceparent: command.traceparent }, now);
  if (released === null) return wrongState(known, 'be cancelled');
  return byOperator(acceptRelease(known, released, command.reply), command, known.state, now);
}

export function decideExpire(rows: Rows, command: ExpireCommand, now: number): Outcome {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  if (known.state === 'CANCELLED' || known.state === 'CANCELLING') return accept(known, 'minimal', true);
  if (now < known.expiresAt) return wrongState(known, 'expire before its deadline');
  // Its participants are asked in the trace of the expiry, where that is recorded: it links back to the Try's.
  const released = release(known, 'EXPIRE', { reason: 'expired', note: null, traceparent: command.trace ?? null }, now);
  return released === null ? wrongState(known, 'expire') : acceptRelease(known, released, 'minimal');
}

interface Release {
  readonly after: StoredTransaction;
  /** Those of the stock. */
  readonly changes: readonly Change[];
}

/**
 * The decision to cancel: the items are free with it, the branches are told of it.
 * @returns null where the machine does not allow it (I5)
 */
export function release(
  known: StoredTransaction,
  event: 'CANCEL' | 'EXPIRE' | 'PARTICIPANT_REFUSED',
  why: Pick<StoredTransaction, 'reason' | 'note'> & { readonly traceparent: string | null },
  now: number,
): Release | null {
  const step = stepTransaction(known.state, event, { hasBranches: known.branches.length > 0 });
  if (step === null) return null;
  const { items, deltas } = settleItems(known.items, () => 0);
  const branches = beginPhaseTwo(known.branches, 'cancel', why.traceparent);
  const { reason, note } = why;
  const after: StoredTransaction = { ...known, state: step.to, reason, note, items, branches, decidedAt: now, updatedAt: now };
  return { after, changes: deltas.map((delta): Change => ({ kind: 'move-stock', delta })) };
}

function acceptRelease(
  before: StoredTransaction,
  { after, changes }: Release,
  reply: CancelCommand['reply'],
): Decision<TransactionAccepted> {
  return accept(after, reply, false, [{ kind: 'change-transaction', before, after }, ...changes]);
}

function changesOf(before: StoredTransaction, after: StoredTransaction, deltas: readonly StockDelta[]): Change[] {
  return [{ kind: 'change-transaction', before, after }, ...deltas.map((delta): Change => ({ kind: 'move-stock', delta }))];
}

/** A line of the history beyond what the rows say. */
export function eventOf(
  { id, state }: StoredTransaction,
  event: string,
  to: HistoryEvent['to'],
  detail: HistoryEvent['detail'],
  now: number,
): Change {
  return { kind: 'record-event', transactionId: id, event: { at: now, event, from: state, to, detail } };
}

/** Sells `soldOf(item)` of each item and releases the rest. I1: each delta adds up to 0. */
export function settleItems(items: readonly Item[], soldOf: (item: Item) => number): { items: Item[]; deltas: StockDelta[] } {
  const settled: Item[] = [];
  const deltas: StockDelta[] = [];
  for (const item of items) {
    const sold = soldOf(item);
    const step = stepReservation(item.state, sold > 0 ? 'DEDUCT' : 'RELEASE');
    if (step === null) throw new InvariantBroken('I5', `an open transaction holds ${item.sku} as ${item.state}`);
    settled.push({ ...item, state: step.to, deducted: sold });
    const { sku, warehouse, quantity } = item;
    deltas.push({ sku, warehouse, available: quantity - sold, reserved: -quantity, deducted: sold });
  }
  return { items: settled, deltas };
}

/** How many of an item a list names; 0 where it does not. */
export function quantityIn(list: readonly BasketItem[], item: BasketItem): number {
  return list.find((named) => named.sku === item.sku && named.warehouse === item.warehouse)?.quantity ?? 0;
}

/** 409 quantity-exceeded where a list names more of something than `limitOf` allows, or something that is not in the basket. */
export function excessOf(
  asked: readonly BasketItem[],
  items: readonly Item[],
  limitOf: (item: Item) => number,
): Decision<Refused> | null {
  const byKey = new Map(items.map((item) => [stockKey(item.sku, item.warehouse), item]));
  for (const { sku, warehouse, quantity } of asked) {
    const item = byKey.get(stockKey(sku, warehouse));
    const limit = item === undefined ? 0 : limitOf(item);
    if (quantity > limit) {
      const detail = `${quantity} of ${sku} in ${warehouse} were named, ${limit} are there to take.`;
      return refuseWith('quantity-exceeded', detail, { sku, warehouse, requested: quantity, limit });
    }
  }
  return null;
}

/** Rule 6: the cancel is kept, so that the Try that comes after it holds nothing. */
function cancelledBeforeTry(command: CancelCommand, now: number): StoredTransaction {
  const step = stepTransaction('ABSENT', 'CANCEL', { hasBranches: false });
  if (step === null) throw new InvariantBroken('I5', 'the machine does not allow a cancel before the Try');
  return {
    id: command.id,
    state: step.to,
    reason: 'cancelled-before-try',
    note: command.note,
    needsAttention: false,
    items: [],
    branches: [],
    reference: null,
    metadata: null,
    createdAt: now,
    expiresAt: now,
    updatedAt: now,
    decidedAt: now,
    contentHash: null,
    shortages: null,
    retiredAt: null,
  };
}

export function unknownTransaction(id: TransactionId): Decision<Refused> {
  return refuseWith('unknown-transaction', `No transaction ${id} was ever seen here.`);
}
