// Owns the form of a decision, and the ways of writing one that all commands share.
import { type Problem, type ProblemCode, problem } from '../../errors.ts';
import type { CancelCommand, Refused, ReplyForm, TransactionAccepted, Verdict } from '../command.ts';
import type { HistoryEvent, Transaction } from '../model.ts';
import type { Change, StoredTransaction } from '../rows.ts';

/** What to tell the caller, and what to store first. A decision without changes needs no lock and no write. */
export interface Decision<V extends Verdict = Verdict> {
  readonly verdict: V;
  readonly changes: readonly Change[];
}

export const NO_CHANGES: readonly Change[] = [];

export function refuse(refusal: Problem, replayed = false, changes: readonly Change[] = NO_CHANGES): Decision<Refused> {
  return { verdict: { ok: false, replayed, problem: refusal }, changes };
}

export function refuseWith(code: ProblemCode, detail: string, members?: Readonly<Record<string, unknown>>): Decision<Refused> {
  return refuse(problem(code, detail, members));
}

export function accept(
  transaction: StoredTransaction,
  reply: ReplyForm,
  replayed: boolean,
  changes: readonly Change[] = NO_CHANGES,
): Decision<TransactionAccepted> {
  return { verdict: { ok: true, replayed, transaction: inForm(transaction, reply) }, changes };
}

/** Leaves out what the caller did not ask for, and what callers never see. */
export function inForm(transaction: Transaction, reply: ReplyForm): TransactionAccepted['transaction'] {
  return reply === 'minimal' ? { id: transaction.id, state: transaction.state } : transaction;
}

/** 409 invalid-transition: the machine does not allow the move from where the transaction stands. */
export function wrongState(transaction: StoredTransaction, move: string): Decision<Refused> {
  return refuseWith('invalid-transition', `A transaction that is ${transaction.state} cannot ${move}.`, {
    state: transaction.state,
  });
}

export function expiredProblem(transaction: Transaction): Problem {
  return problem('reservation-expired', `The reservation expired at ${new Date(transaction.expiresAt).toISOString()}.`, {
    expiresAt: new Date(transaction.expiresAt).toISOString(),
  });
}

/** Adds who asked, where an operator did: the row has no place for it. The history tells it with the decision (src/ledger/history.ts). */
export function byOperator(
  decided: Decision<TransactionAccepted>,
  { id, by, note }: CancelCommand,
  from: HistoryEvent['from'],
  now: number,
): Decision<TransactionAccepted> {
  if (by === undefined) return decided;
  const { verdict, changes } = decided;
  const event: HistoryEvent = { at: now, event: 'CANCEL', from, to: verdict.transaction.state, detail: { by, note } };
  return { verdict, changes: [...changes, { kind: 'record-event', transactionId: id, event }] };
}
