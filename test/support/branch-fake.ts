// Owns what the stand-in of the heart (port-fake.ts) does about transactions with branches: as much of the rules as HTTP can show.
import type {
  CancelCommand,
  ConfirmCommand,
  ExtendCommand,
  RefundCommand,
  Refused,
  ResolveCommand,
  TransactionAccepted,
} from '../../src/coordinator/command.ts';
import type { Branch, Transaction } from '../../src/coordinator/model.ts';
import { problem } from '../../src/errors.ts';

type Outcome = TransactionAccepted | Refused;

/** @returns null where branches change nothing about it */
export function changeOfBranches(
  known: Transaction,
  command: ConfirmCommand | CancelCommand | ExtendCommand | RefundCommand,
): Outcome | null {
  const { state } = known;
  if (command.kind === 'confirm' && state === 'TRYING') return refused(known, true);
  if (command.kind === 'confirm' && state === 'TRIED') return accepted({ ...known, state: 'CONFIRMING' });
  if (command.kind === 'confirm') return state === 'CONFIRMING' || state === 'CONFIRMED' ? accepted(known, true) : refused(known);
  if (command.kind !== 'cancel') return null;
  if (state === 'CANCELLING' || state === 'CANCELLED') return accepted(known, true);
  if (state !== 'TRYING' && state !== 'TRIED') return refused(known);
  return accepted({ ...known, state: 'CANCELLING', reason: 'requested', note: command.note });
}

/** Whatever waits is asked now. */
export function retried(known: Transaction): Outcome {
  return accepted({
    ...known,
    branches: known.branches.map((branch) =>
      branch.work.kind === 'waiting' ? { ...branch, work: { kind: 'under-way', phase: branch.work.phase } } : branch,
    ),
  });
}

export function resolved(known: Transaction, { branchId, as }: ResolveCommand): Outcome {
  const branch = known.branches.find(({ id }) => id === branchId);
  if (branch === undefined) return { ok: false, replayed: false, problem: problem('not-found', `No branch ${branchId}.`) };
  if (branch.resolved && branch.state === as) return accepted(known, true);
  const isOpen = known.state === 'CONFIRMING' || known.state === 'CANCELLING';
  if (!isOpen || branch.state === 'CONFIRMED' || branch.state === 'CANCELLED') return refused(known);
  const after: Branch = { ...branch, state: as, work: { kind: 'none' }, resolved: true };
  const branches = known.branches.map((one) => (one.id === branchId ? after : one));
  const isOver = branches.every((one) => one.state === 'CONFIRMED' || one.state === 'CANCELLED');
  const end = known.state === 'CONFIRMING' ? 'CONFIRMED' : 'CANCELLED';
  return accepted({ ...known, branches, state: isOver ? end : known.state });
}

/** The transaction, all of its branches having answered. */
export function settled(
  known: Transaction,
  state: 'TRIED' | 'CONFIRMED' | 'CANCELLED',
  reason: Transaction['reason'],
): Transaction {
  const branches = known.branches.map((branch): Branch => ({ ...branch, state, attempts: 1, work: { kind: 'none' } }));
  return { ...known, state, branches, reason: reason ?? known.reason };
}

function accepted(transaction: Transaction, replayed = false): TransactionAccepted {
  return { ok: true, replayed, transaction };
}

function refused({ state }: Transaction, isTooEarly = false): Refused {
  const refusal = problem('invalid-transition', `It is ${state}.`, { state });
  return { ok: false, replayed: false, problem: isTooEarly ? { ...refusal, retryable: true } : refusal };
}
