// Decides what a participant's reply leads to, by the reply table of the contract (section 6): the branch's next state or its
// next attempt, and the transaction's next state where this was the last branch to answer.
import { stepTransaction } from '../../../workflows/step.ts';
import { InvariantBroken } from '../../errors.ts';
import type { BranchReplyCommand, Refused, TransactionAccepted } from '../command.ts';
import type { Branch } from '../model.ts';
import type { Change, Rows, StoredTransaction } from '../rows.ts';
import { askAgain, backoffMs, beginPhase, branchOf, isSettled, moveBranch, replaceBranch } from './branches.ts';
import { accept, type Decision } from './decision.ts';
import { eventOf, release, unknownTransaction } from './settle.ts';

export function decideReply(rows: Rows, command: BranchReplyCommand, now: number): Decision<TransactionAccepted | Refused> {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  const before = branchOf(known.branches, command.branchId);
  // I11: a reply that belongs to an earlier grant comes too late. Somebody else drives the branch, or it is settled.
  if (before?.work.kind !== 'under-way' || before.work.phase !== command.phase || before.fence !== command.fence)
    return accept(known, 'minimal', true);

  const answered = command.outcome === 'not-sent' ? givenBack(known, before, command, now) : afterReply(before, command, now);
  const isLateTry = command.phase === 'try' && known.state === 'CANCELLING';
  const branch = isLateTry ? beginPhase(answered, 'cancel') : answered;
  const branches = replaceBranch(known.branches, branch);
  const heard: StoredTransaction = { ...known, branches, needsAttention: needsAttention(branches), updatedAt: now };
  const attempt = attemptOf(before, answered, command, now);
  const { after, changes } = moveOn(heard, command, now);
  return accept(after, 'minimal', false, [{ kind: 'change-transaction', before: known, after }, ...attempt, ...changes]);
}

/** Anybody may ask from now on; but a Try past its deadline is not asked again and again until the sweep has cancelled it. */
function givenBack(known: StoredTransaction, branch: Branch, { phase, retry, error }: BranchReplyCommand, now: number): Branch {
  const isOver = phase === 'try' && now >= known.expiresAt;
  const told = error === null ? branch : { ...branch, lastError: error };
  return askAgain(told, phase, isOver ? now + retry.initialMs : now);
}

/** The reply table: what becomes of the branch alone. */
function afterReply(branch: Branch, command: BranchReplyCommand, now: number): Branch {
  const { phase, outcome, retry } = command;
  const counted: Branch = {
    ...branch,
    attempts: branch.attempts + 1,
    attemptsInAll: branch.attemptsInAll + 1,
    lastError: outcome === 'done' ? null : command.error,
  };
  if (outcome === 'done') return { ...moveBranch(counted, DONE[phase]), needsAttention: false };
  if (outcome === 'not-yet') return askAgain(counted, phase, now + retry.initialMs);
  if (outcome === 'refused' && phase === 'try') return moveBranch(counted, 'TRY_REFUSED');
  const failures = branch.failures + 1;
  const failed = { ...counted, failures, needsAttention: branch.needsAttention || isAlarming(counted, command) };
  return askAgain(failed, phase, now + backoffMs(retry, failures, command.jitter));
}

const DONE = { try: 'TRY_DONE', confirm: 'CONFIRM_DONE', cancel: 'CANCEL_DONE' } as const;

/** A decision must be carried out: a participant that refuses to, or fails again and again, is a case for a person. */
function isAlarming({ attempts }: Branch, { phase, outcome, retry }: BranchReplyCommand): boolean {
  return phase !== 'try' && (outcome === 'refused' || attempts >= retry.attentionAfter);
}

/** Where the transaction goes now that one of its branches has answered. */
function moveOn(
  heard: StoredTransaction,
  command: BranchReplyCommand,
  now: number,
): { readonly after: StoredTransaction; readonly changes: readonly Change[] } {
  if (heard.state === 'TRYING' && heard.branches.some((branch) => branch.state === 'REFUSED')) {
    // Rule 5: at or after the deadline it is the deadline that won.
    const reason = now >= heard.expiresAt ? 'expired' : 'participant-refused';
    const note = reason === 'expired' ? null : refusalNote(heard, command);
    const released = release(heard, 'PARTICIPANT_REFUSED', { reason, note, traceparent: null }, now);
    if (released === null) throw new InvariantBroken('I5', `a ${heard.state} transaction cannot hear a refusal`);
    return released;
  }
  // Rule 5: a Try never becomes TRIED at or after its deadline; the sweep will cancel it.
  const isTried = heard.state === 'TRYING' && now < heard.expiresAt && heard.branches.every(({ state }) => state === 'TRIED');
  if (isTried) return stepped(heard, 'BRANCHES_TRIED', now);
  if (command.phase !== 'try' && heard.branches.every(isSettled)) return stepped(heard, 'BRANCHES_SETTLED', now);
  return { after: heard, changes: [] };
}

/** Who refused and why, kept where people and callers look; the branch itself goes on to its Cancel. */
function refusalNote({ branches }: StoredTransaction, { branchId, error }: BranchReplyCommand): string {
  const why = error?.replace(/^409: /, '') ?? 'refused';
  return `${branchOf(branches, branchId)?.participant ?? branchId}: ${why}`;
}

/** A move that changes nothing but the state, with its line in the history. */
export function stepped(
  before: StoredTransaction,
  event: 'BRANCHES_TRIED' | 'BRANCHES_SETTLED',
  now: number,
): { readonly after: StoredTransaction; readonly changes: readonly Change[] } {
  const step = stepTransaction(before.state, event, { hasBranches: true });
  if (step === null) throw new InvariantBroken('I5', `the machine does not allow ${event} of a ${before.state} transaction`);
  const after: StoredTransaction = { ...before, state: step.to, updatedAt: now };
  return { after, changes: [eventOf(before, event, step.to, null, now)] };
}

export function needsAttention(branches: readonly Branch[]): boolean {
  return branches.some((branch) => branch.needsAttention);
}

function attemptOf(before: Branch, answered: Branch, command: BranchReplyCommand, now: number): readonly Change[] {
  const { id: transactionId, branchId, phase, outcome, status, error, durationMs } = command;
  if (outcome === 'not-sent') return [];
  const { attemptsInAll: sequence, attempts: attempt, state: to } = answered;
  const kept = { transactionId, branchId, sequence, at: now, phase, attempt, outcome, status, error, durationMs };
  return [{ kind: 'record-attempt', attempt: { ...kept, from: before.state, to } }];
}
