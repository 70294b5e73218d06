// Decides a Try: rules 1, 2, 5 and 6 of the contract. I4: a basket is reserved whole or not at all.
import { stepReservation, stepTransaction } from '../../../workflows/step.ts';
import { InvariantBroken, type Problem, problem } from '../../errors.ts';
import type { Refused, TransactionAccepted, TryCommand } from '../command.ts';
import type { Item, ItemState, Shortage, Transaction, TransactionState } from '../model.ts';
import { type Change, type Rows, type StoredTransaction, stockKey } from '../rows.ts';
import { openedBranches } from './branches.ts';
import { accept, type Decision, expiredProblem, NO_CHANGES, refuse } from './decision.ts';
import { unknownParticipant } from './participant.ts';

/** @param now the database's clock, read with the rows */
export function decideTry(rows: Rows, command: TryCommand, now: number): Decision<TransactionAccepted | Refused> {
  const known = rows.transactions.get(command.id);
  if (known !== undefined) return answerAgain(known, command, now);

  const absent = command.branches.find(({ participant }) => !rows.participants.has(participant));
  if (absent !== undefined) return refuse(unknownParticipant(absent.participant, 422));
  const unknown = command.items.find((item) => !rows.stock.has(stockKey(item.sku, item.warehouse)));
  if (unknown !== undefined) {
    const { sku, warehouse } = unknown;
    return refuse(problem('unknown-sku', `${sku} was never stocked in warehouse ${warehouse}.`, { sku, warehouse }));
  }
  const shortages = shortagesOf(rows, command);
  if (shortages.length > 0) {
    const refused = refusedTransaction(command, shortages, now);
    // Rule 2: a refusal of a Try that named its id is kept, so that the same id hears it again; others store nothing.
    const changes: readonly Change[] = command.idGiven ? [{ kind: 'open-transaction', transaction: refused }] : NO_CHANGES;
    return refuse(shortageProblem(shortages), false, changes);
  }
  const opened = openedTransaction(command, now);
  return accept(opened, command.reply, false, [
    {
      kind: 'open-transaction',
      transaction: opened,
      ...(command.trace === undefined ? {} : { origin: command.trace }),
      ...(command.holder === undefined ? {} : { holder: command.holder }),
    },
    ...command.branches.map(
      ({ id, payload }): Change => ({ kind: 'register-branch', transactionId: command.id, branchId: id, payload }),
    ),
    ...command.items.map(
      ({ sku, warehouse, quantity }): Change => ({
        kind: 'move-stock',
        delta: { sku, warehouse, available: -quantity, reserved: quantity, deducted: 0 },
      }),
    ),
  ]);
}

/** A Try whose id is known is answered from what became of the first (I7). A 2xx always means: held, or further. */
function answerAgain(known: StoredTransaction, command: TryCommand, now: number): Decision<TransactionAccepted | Refused> {
  // Not a replay: there was no Try before this one that anybody heard of.
  if (known.reason === 'cancelled-before-try') return refuse(cancelledProblem(known));
  if (known.contentHash !== command.contentHash) {
    return refuse(problem('idempotency-mismatch', `Transaction ${known.id} was tried with other content.`));
  }
  // `replayed` speaks of an earlier request of the caller's; a server-made id can only be our own second attempt.
  const replayed = command.idGiven;
  switch (known.state) {
    case 'TRYING':
    case 'TRIED':
      return now >= known.expiresAt ? refuse(expiredProblem(known), replayed) : accept(known, command.reply, replayed);
    case 'CONFIRMING':
    case 'CONFIRMED':
      return accept(known, command.reply, replayed);
    case 'CANCELLING':
    case 'CANCELLED':
      return refuse(cancelledProblem(known), replayed);
  }
}

/** What a Try hears that waited for its participants; null where its transaction was not cancelled meanwhile. */
export function refusalOfCancelled(known: Transaction): Problem | null {
  const isCancelled = known.state === 'CANCELLING' || known.state === 'CANCELLED';
  return isCancelled ? cancelledProblem({ shortages: null, ...known }) : null;
}

function cancelledProblem(known: Transaction & Pick<StoredTransaction, 'shortages'>): Problem {
  switch (known.reason) {
    case 'insufficient-stock':
      return shortageProblem(known.shortages ?? []);
    case 'participant-refused':
      return participantRefused(known);
    case 'expired':
      return expiredProblem(known);
    case 'requested':
    case 'cancelled-before-try':
      return problem('transaction-cancelled', `Transaction ${known.id} was cancelled.`, { state: known.state });
    case null:
      throw new InvariantBroken('I5', `transaction ${known.id} is ${known.state} without a reason`);
  }
}

/** `reason` is what the participant said, after its name in the note. */
function participantRefused({ id, note }: Transaction): Problem {
  if (note === null) return problem('participant-refused', `A participant refused transaction ${id}; it was cancelled.`);
  const split = note.indexOf(': ');
  const [participant, reason] = [note.slice(0, split), note.slice(split + 2)];
  return problem('participant-refused', `${participant} refused transaction ${id} (${reason}); it was cancelled.`, {
    participant,
    reason,
  });
}

/** What of a basket is not there, by the counters seen. */
export function shortagesOf(rows: Rows, command: TryCommand): Shortage[] {
  const shortages: Shortage[] = [];
  for (const { sku, warehouse, quantity } of command.items) {
    const available = rows.stock.get(stockKey(sku, warehouse))?.available ?? 0;
    if (available < quantity) shortages.push({ sku, warehouse, requested: quantity, available });
  }
  return shortages;
}

function shortageProblem(shortages: readonly Shortage[]): Problem {
  // Rule 10: what was short is no longer known.
  if (shortages.length === 0) return problem('insufficient-stock', 'More was asked for than there was.', { shortages });
  const named = shortages
    .slice(0, 3)
    .map(
      (shortage) =>
        `${shortage.requested} of ${shortage.sku} in ${shortage.warehouse}, where ${shortage.available} are available`,
    )
    .join('; ');
  const rest = shortages.length > 3 ? `; and ${shortages.length - 3} more` : '';
  return problem('insufficient-stock', `Asked for ${named}${rest}.`, { shortages });
}

/** What a Try that holds its basket stores. Also how the optimistic path knows what it has just stored. */
export function openedTransaction(command: TryCommand, now: number): StoredTransaction {
  return newTransaction(command, now, moveOf('TRY', command.branches.length > 0), itemMove('RESERVE'), null);
}

function refusedTransaction(command: TryCommand, shortages: readonly Shortage[], now: number): StoredTransaction {
  return newTransaction(command, now, moveOf('REFUSE', false), 'AVAILABLE', shortages);
}

function newTransaction(
  command: TryCommand,
  now: number,
  state: TransactionState,
  itemState: ItemState,
  shortages: readonly Shortage[] | null,
): StoredTransaction {
  const items: Item[] = command.items.map(({ sku, warehouse, quantity }) => ({
    sku,
    warehouse,
    quantity,
    state: itemState,
    deducted: 0,
    refunded: 0,
  }));
  return {
    id: command.id,
    state,
    reason: shortages === null ? null : 'insufficient-stock',
    note: null,
    needsAttention: false,
    items,
    // Rule 1: a shortage calls none.
    branches: shortages === null ? openedBranches(command.id, command.branches, command.traceparent) : [],
    reference: command.reference,
    metadata: command.metadata,
    createdAt: now,
    expiresAt: now + command.timeoutMs,
    updatedAt: now,
    decidedAt: shortages === null ? null : now,
    retiredAt: null,
    contentHash: command.contentHash,
    shortages,
  };
}

function moveOf(event: 'TRY' | 'REFUSE', hasBranches: boolean): TransactionState {
  const step = stepTransaction('ABSENT', event, { hasBranches });
  if (step === null) throw new InvariantBroken('I5', `the machine does not allow ${event} of a new transaction`);
  return step.to;
}

function itemMove(event: 'RESERVE'): ItemState {
  const step = stepReservation('AVAILABLE', event);
  if (step === null) throw new InvariantBroken('I5', 'the machine does not allow an item to be reserved');
  return step.to;
}
