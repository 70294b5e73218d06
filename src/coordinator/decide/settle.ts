// Decides what ends a reservation: confirm (whole or in part), cancel and expire. Rules 3 to 7 of the contract.
// I5: decided once. I8: no confirm at or after the deadline, by the database's clock.
import { stepReservation, stepTransaction } from '../../../workflows/step.ts';
import { InvariantBroken, problem } from '../../errors.ts';
import type { CancelCommand, ConfirmCommand, ExpireCommand, Refused, TransactionAccepted } from '../command.ts';
import type { BasketItem, CancelReason, Item, TransactionId } from '../model.ts';
import { type Change, type Rows, type StockDelta, type StoredTransaction, stockKey } from '../rows.ts';
import { accept, type Decision, expiredProblem, refuse, refuseWith, wrongState } from './decision.ts';

type Outcome = Decision<TransactionAccepted | Refused>;

export function decideConfirm(rows: Rows, command: ConfirmCommand, now: number): Outcome {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  if (known.reason === 'expired') return refuse(expiredProblem(known));
  if (known.state === 'CONFIRMED' || known.state === 'CONFIRMING') return confirmAgain(known, command);
  const step = stepTransaction(known.state, 'CONFIRM', { hasBranches: known.branches.length > 0 });
  if (step === null) return wrongState(known, 'be confirmed');
  if (now >= known.expiresAt) return refuse(expiredProblem(known));
  const sold = command.items ?? known.items;
  const excess = excessOf(sold, known.items, (item) => item.quantity);
  if (excess !== null) return excess;
  const { items, deltas } = settleItems(known.items, (item) => quantityIn(sold, item));
  const after: StoredTransaction = { ...known, state: step.to, items, decidedAt: now, updatedAt: now };
  return accept(after, command.reply, false, changesOf(known, after, deltas));
}

/** Rule 3: the same confirm again is answered again; another choice of items is a contradiction. */
function confirmAgain(known: StoredTransaction, command: ConfirmCommand): Outcome {
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
    return accept(cancelled, command.reply, false, [{ kind: 'open-transaction', transaction: cancelled }]);
  }
  if (known.state === 'CANCELLED' || known.state === 'CANCELLING') return accept(known, command.reply, true);
  // Rule 5: at or after the deadline it is the deadline that won, whoever says so first.
  const reason = now >= known.expiresAt ? 'expired' : 'requested';
  return release(known, command, reason, command.note, now) ?? wrongState(known, 'be cancelled');
}

export function decideExpire(rows: Rows, command: ExpireCommand, now: number): Outcome {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  if (known.state === 'CANCELLED' || known.state === 'CANCELLING') return accept(known, 'minimal', true);
  if (now < known.expiresAt) return wrongState(known, 'expire before its deadline');
  return release(known, { ...command, reply: 'minimal' }, 'expired', null, now) ?? wrongState(known, 'expire');
}

function release(
  known: StoredTransaction,
  command: { readonly kind: 'cancel' | 'expire'; readonly reply: CancelCommand['reply'] },
  reason: CancelReason,
  note: string | null,
  now: number,
): Outcome | null {
  const event = command.kind === 'cancel' ? 'CANCEL' : 'EXPIRE';
  const step = stepTransaction(known.state, event, { hasBranches: known.branches.length > 0 });
  if (step === null) return null;
  const { items, deltas } = settleItems(known.items, () => 0);
  const after: StoredTransaction = { ...known, state: step.to, reason, note, items, decidedAt: now, updatedAt: now };
  return accept(after, command.reply, false, changesOf(known, after, deltas));
}

function changesOf(before: StoredTransaction, after: StoredTransaction, deltas: readonly StockDelta[]): Change[] {
  return [{ kind: 'change-transaction', before, after }, ...deltas.map((delta): Change => ({ kind: 'move-stock', delta }))];
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
  };
}

export function unknownTransaction(id: TransactionId): Decision<Refused> {
  return refuseWith('unknown-transaction', `No transaction ${id} was ever seen here.`);
}
