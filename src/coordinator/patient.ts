// Owns rule 8: where branches are involved, a call waits for them a while, and is answered with how far they have come.
import type { Problem } from '../errors.ts';
import type { CancelCommand, ConfirmCommand, Coordinator, Refused, TransactionAccepted, TryCommand } from './command.ts';
import { inForm } from './decide/decision.ts';
import { refusalOfCancelled } from './decide/try.ts';
import type { Transaction, TransactionState } from './model.ts';
import type { Watch } from './watch.ts';

export type PatientCommand = TryCommand | ConfirmCommand | CancelCommand;

export interface Patience {
  readonly waitMs: number;
  /** Aborted where the caller went away. Asked for when a wait really begins: nearly every call ends without one. */
  readonly signal: () => AbortSignal;
}

const UNSETTLED: readonly TransactionState[] = ['TRYING', 'CONFIRMING', 'CANCELLING'];

/** Whether participants are still being asked about it. */
export function isUnsettled({ state }: Pick<Transaction, 'state'>): boolean {
  return UNSETTLED.includes(state);
}

/**
 * Submits a command, and waits while its transaction's branches are asked.
 * @returns as Coordinator.submit, with the transaction as it was when the wait ended
 */
export async function submitPatiently<C extends PatientCommand>(
  coordinator: Coordinator,
  watch: Watch,
  command: C,
  patience: Patience,
): Promise<TransactionAccepted | Refused> {
  const until = performance.now() + patience.waitMs;
  let verdict: TransactionAccepted | Refused = await coordinator.submit<PatientCommand>(command);
  // Rule 8: a confirm that finds its Try still under way waits for that first.
  while (command.kind === 'confirm' && isTooEarly(verdict)) {
    const tried = await wait(watch, command, ({ state }) => state !== 'TRYING', until, patience);
    if (tried === null || tried.state === 'TRYING') return verdict;
    verdict = await coordinator.submit<PatientCommand>(command);
  }
  if (!verdict.ok || !isUnsettled(verdict.transaction) || !isStillItsWish(command, verdict.transaction.state)) return verdict;
  const isDone = (transaction: Transaction): boolean => !isStillItsWish(command, transaction.state);
  const seen = await wait(watch, command, isDone, until, patience);
  return seen === null ? verdict : answerOf(command, verdict, seen);
}

function wait(
  watch: Watch,
  command: PatientCommand,
  isOver: (transaction: Transaction) => boolean,
  until: number,
  patience: Patience,
): Promise<Transaction | null> {
  const forMs = until - performance.now();
  return forMs <= 0 ? Promise.resolve(null) : watch.until(command.id, isOver, forMs, patience.signal());
}

/** 409 with `retryable`: the only refusal that time alone mends. */
function isTooEarly(verdict: TransactionAccepted | Refused): boolean {
  return !verdict.ok && verdict.problem.code === 'invalid-transition' && verdict.problem.retryable === true;
}

/** While in this state, what the command asked for is being carried out. */
function isStillItsWish(command: PatientCommand, state: TransactionState): boolean {
  switch (command.kind) {
    case 'try':
      return state === 'TRYING';
    case 'confirm':
      return state === 'CONFIRMING';
    case 'cancel':
      return state === 'CANCELLING';
  }
}

/** A Try may have been refused, or its transaction cancelled, while it waited; what was decided is never anything else. */
function answerOf(command: PatientCommand, verdict: TransactionAccepted, seen: Transaction): TransactionAccepted | Refused {
  const { replayed } = verdict;
  const refusal: Problem | null = command.kind === 'try' ? refusalOfCancelled(seen) : null;
  if (refusal !== null) return { ok: false, replayed, problem: refusal };
  return { ok: true, replayed, transaction: inForm(seen, command.reply) };
}
