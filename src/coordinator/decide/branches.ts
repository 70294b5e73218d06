// Decides what is done about the branches of a transaction: which are asked what, and when they are asked again. Contract,
// section 6. I9: a phase begins with the decision that asks for it, so it is recorded before anyone is called.
import { stepBranch } from '../../../workflows/step.ts';
import { InvariantBroken } from '../../errors.ts';
import type { BranchRequest } from '../command.ts';
import type { Branch, BranchId, BranchPhase, BranchState, BranchWork, RetryPolicy, TransactionId } from '../model.ts';

const NO_WORK: BranchWork = { kind: 'none' };
/** How far a delay may be off, either way. */
const JITTER = 0.25;

/**
 * The branches of a new transaction, their Tries under way.
 * @param traceparent of the caller; null where it gave none: then the transaction's id makes the trace
 */
export function openedBranches(
  id: TransactionId,
  requests: readonly BranchRequest[],
  traceparent: string | null,
): readonly Branch[] {
  return requests.map((request) => ({
    id: request.id,
    participant: request.participant,
    state: 'REGISTERED',
    work: { kind: 'under-way', phase: 'try' },
    attempts: 0,
    failures: 0,
    attemptsInAll: 0,
    lastError: null,
    needsAttention: false,
    resolved: false,
    fence: 1,
    traceparent: traceparent ?? traceOf(id),
  }));
}

/** A valid W3C traceparent, the same each time, for a transaction whose caller named none. */
function traceOf(id: TransactionId): string {
  const hex = id.replaceAll('-', '');
  const traceId = /^0+$/.test(hex) ? `${hex.slice(0, 31)}1` : hex;
  return `00-${traceId}-${traceId.slice(16, 31)}1-00`;
}

/**
 * Begins phase two: every branch that is not settled is asked. One whose Try is still under way is asked as soon as that has
 * answered or timed out (decideReply), so that its Cancel goes out after it, never before.
 */
export function beginPhaseTwo(
  branches: readonly Branch[],
  phase: 'confirm' | 'cancel',
  traceparent: string | null,
): readonly Branch[] {
  return branches.map((branch) => {
    if (isSettled(branch)) return branch;
    const traced = traceparent === null ? branch : { ...branch, traceparent };
    return branch.work.kind === 'under-way' ? traced : beginPhase(traced, phase);
  });
}

/** The branch, asked for a phase for the first time, now. */
export function beginPhase(branch: Branch, phase: BranchPhase): Branch {
  return { ...grantWork(branch, phase), attempts: 0, failures: 0, lastError: null };
}

/** The branch, asked now: a new fence, so that whoever was asked before has no say any more (I11). */
export function grantWork(branch: Branch, phase: BranchPhase): Branch {
  return { ...branch, work: { kind: 'under-way', phase }, fence: branch.fence + 1 };
}

/** The branch, asked again from a time on. */
export function askAgain(branch: Branch, phase: BranchPhase, at: number): Branch {
  return { ...branch, work: { kind: 'waiting', phase, at } };
}

/** The branch where its participant's answer leads; nothing more to do about it in this phase. */
export function moveBranch(branch: Branch, event: Parameters<typeof stepBranch>[1]): Branch {
  const step = stepBranch(branch.state, event);
  if (step === null) throw new InvariantBroken('I5', `branch ${branch.id} that is ${branch.state} cannot ${event}`);
  return { ...branch, state: step.to, work: NO_WORK };
}

/**
 * How long until the next attempt, in ms: doubling from initialMs to maxMs, off by up to a quarter either way.
 * @param failures those of the phase so far, from 1
 * @param jitter from −1 to 1
 */
export function backoffMs({ initialMs, maxMs }: RetryPolicy, failures: number, jitter: number): number {
  // 2 to the 31st is beyond any maxMs; a larger exponent would only come to Infinity.
  const delay = Math.min(initialMs * 2 ** Math.min(failures - 1, 31), maxMs);
  return Math.round(delay * (1 + JITTER * jitter));
}

export function replaceBranch(branches: readonly Branch[], after: Branch): readonly Branch[] {
  return branches.map((branch) => (branch.id === after.id ? after : branch));
}

export function branchOf(branches: readonly Branch[], id: BranchId): Branch | undefined {
  return branches.find((branch) => branch.id === id);
}

const SETTLED: readonly BranchState[] = ['CONFIRMED', 'CANCELLED'];

export function isSettled(branch: Branch): boolean {
  return SETTLED.includes(branch.state);
}
