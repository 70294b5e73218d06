// Decides a refund: some or all of what was sold becomes available again (I1). The transaction stays CONFIRMED.
import { stepReservation, stepTransaction } from '../../../workflows/step.ts';
import { InvariantBroken, problem } from '../../errors.ts';
import type { RefundCommand, Refused, TransactionAccepted } from '../command.ts';
import type { BasketItem, Item } from '../model.ts';
import { type Change, type Rows, refundKey, type StoredTransaction } from '../rows.ts';
import { accept, type Decision, NO_CHANGES, refuse, wrongState } from './decision.ts';
import { excessOf, quantityIn, unknownTransaction } from './settle.ts';

export function decideRefund(rows: Rows, command: RefundCommand, now: number): Decision<TransactionAccepted | Refused> {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  // Rule 10: what was sold, and what has come back of it, is no longer known.
  if (known.retiredAt !== null) return wrongState(known, 'be refunded: its items are no longer kept');
  const earlier = command.refundId === null ? undefined : rows.refunds.get(refundKey(command.id, command.refundId));
  if (earlier !== undefined) {
    if (earlier.contentHash !== command.contentHash) {
      return refuse(problem('idempotency-mismatch', `Refund ${earlier.id} was asked for with other content.`));
    }
    return earlier.refusal === null ? accept(known, 'whole', true) : refuse(earlier.refusal, true);
  }
  if (stepTransaction(known.state, 'REFUND', { hasBranches: known.branches.length > 0 }) === null)
    return wrongState(known, 'be refunded');

  const left = known.items.map((item): BasketItem => ({ ...item, quantity: leftOf(item) })).filter((item) => item.quantity > 0);
  const asked = command.items ?? left;
  const excess = excessOf(asked, known.items, leftOf);
  if (excess !== null) return { verdict: excess.verdict, changes: recordOf(command, excess.verdict, now) };
  if (asked.length === 0) return accept(known, 'whole', command.refundId === null, recordOf(command, null, now));

  const items = known.items.map((item) => refunded(item, quantityIn(asked, item)));
  const after: StoredTransaction = { ...known, items, updatedAt: now };
  const detail = {
    refundId: command.refundId,
    reason: command.reason,
    items: asked.map(({ sku, warehouse, quantity }) => ({ sku, warehouse, quantity })),
  };
  return accept(after, 'whole', false, [
    { kind: 'change-transaction', before: known, after },
    {
      kind: 'record-event',
      transactionId: known.id,
      event: { at: now, event: 'REFUND', from: known.state, to: known.state, detail },
    },
    ...recordOf(command, null, now),
    ...asked.map(
      ({ sku, warehouse, quantity }): Change => ({
        kind: 'move-stock',
        delta: { sku, warehouse, available: quantity, reserved: 0, deducted: -quantity },
      }),
    ),
  ]);
}

/** How much of an item was sold and has not come back. */
function leftOf(item: Item): number {
  return item.deducted - item.refunded;
}

function refunded(item: Item, quantity: number): Item {
  if (quantity === 0) return item;
  const step = stepReservation(item.state, quantity === leftOf(item) ? 'REFUND_REST' : 'REFUND_PART');
  if (step === null) throw new InvariantBroken('I5', `${item.sku} has something left to refund while ${item.state}`);
  return { ...item, state: step.to, refunded: item.refunded + quantity };
}

/** I7: one id, one content, one outcome; a refusal too. */
function recordOf(command: RefundCommand, refused: Refused | null, now: number): readonly Change[] {
  if (command.refundId === null) return NO_CHANGES;
  const { id: transactionId, refundId, contentHash } = command;
  const refusal = refused === null ? null : refused.problem;
  return [{ kind: 'record-refund', refund: { transactionId, id: refundId, contentHash, refusal }, at: now }];
}
