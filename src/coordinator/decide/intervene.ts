// Decides what operators may do about a transaction whose branches do not settle by themselves: retry now, and resolve.
import type { Refused, ResolveCommand, RetryCommand, TransactionAccepted } from '../command.ts';
import type { Branch } from '../model.ts';
import type { Rows, StoredTransaction } from '../rows.ts';
import { branchOf, grantWork, isSettled, moveBranch, replaceBranch } from './branches.ts';
import { accept, type Decision, refuseWith, wrongState } from './decision.ts';
import { needsAttention, stepped } from './reply.ts';
import { eventOf, unknownTransaction } from './settle.ts';

type Outcome = Decision<TransactionAccepted | Refused>;

/** Every branch that waits is asked now; where none does, nothing changes. */
export function decideRetry(rows: Rows, command: RetryCommand, now: number): Outcome {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  const branches = known.branches.map((branch) =>
    branch.work.kind === 'waiting' ? grantWork(branch, branch.work.phase) : branch,
  );
  if (branches.every((branch, index) => branch === known.branches[index])) return accept(known, 'whole', false);
  const after: StoredTransaction = { ...known, branches, updatedAt: now };
  const { by, note } = command;
  return accept(after, 'whole', false, [
    { kind: 'change-transaction', before: known, after },
    eventOf(known, 'RETRY', known.state, note === undefined ? { by } : { by, note }, now),
  ]);
}

/**
 * The transaction ends by its decision, whatever the operator found the branch to be: one found opposite to the decision keeps
 * the transaction in need of attention for good.
 */
export function decideResolve(rows: Rows, command: ResolveCommand, now: number): Outcome {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  const branch = branchOf(known.branches, command.branchId);
  if (branch === undefined) return refuseWith('not-found', `Transaction ${known.id} has no branch ${command.branchId}.`);
  if (branch.resolved && branch.state === command.as) return accept(known, 'whole', true);
  if (known.state !== 'CONFIRMING' && known.state !== 'CANCELLING') return wrongState(known, 'have a branch resolved');
  if (isSettled(branch)) {
    return refuseWith('invalid-transition', `Branch ${branch.id} is ${branch.state} already.`, { state: known.state });
  }
  const isOpposite = (known.state === 'CONFIRMING') !== (command.as === 'CONFIRMED');
  const moved = moveBranch(branch, command.as === 'CONFIRMED' ? 'RESOLVE_CONFIRMED' : 'RESOLVE_CANCELLED');
  const resolved: Branch = { ...moved, resolved: true, needsAttention: isOpposite };
  const branches = replaceBranch(known.branches, resolved);
  const heard: StoredTransaction = { ...known, branches, needsAttention: needsAttention(branches), updatedAt: now };
  const { after, changes } = branches.every(isSettled) ? stepped(heard, 'BRANCHES_SETTLED', now) : { after: heard, changes: [] };
  const { branchId, as, note, by } = command;
  const detail = { branchId, participant: branch.participant, from: branch.state, as, note, by };
  return accept(after, 'whole', false, [
    { kind: 'change-transaction', before: known, after },
    eventOf(known, 'RESOLVE', known.state, detail, now),
    ...changes,
  ]);
}
