// Owns the check of every move that the ledger in memory is to keep, of a transaction and of its branches, written apart from the
// core: I5, I8, I9, and of I11 that a fence only grows.
import type { Branch } from '../../src/coordinator/model.ts';
import type { Change, StoredTransaction } from '../../src/coordinator/rows.ts';
import { stepBranch, stepTransaction } from '../../workflows/step.ts';

const MOVES = [
  ...(['CONFIRM', 'CANCEL', 'EXPIRE', 'EXTEND', 'REFUND'] as const),
  ...(['BRANCHES_TRIED', 'PARTICIPANT_REFUSED', 'BRANCHES_SETTLED'] as const),
];
const BRANCH_MOVES = [
  ...(['TRY_DONE', 'TRY_REFUSED', 'CONFIRM_DONE', 'CANCEL_DONE'] as const),
  ...(['RESOLVE_CONFIRMED', 'RESOLVE_CANCELLED'] as const),
];

export function broken(invariant: string, detail: string): never {
  throw new Error(`${invariant} broken in the ledger: ${detail}`);
}

/** @param now the database's clock */
export function checkMove(before: StoredTransaction, after: StoredTransaction, now: number): void {
  const hasBranches = before.branches.length > 0;
  const isMove = MOVES.some((event) => stepTransaction(before.state, event, { hasBranches })?.to === after.state);
  // A branch may move where its transaction stays.
  const isStay = hasBranches && before.state === after.state && before.decidedAt === after.decidedAt;
  if (!isMove && !isStay) broken('I5', `${before.state} became ${after.state}`);
  if (before.decidedAt !== null && (before.decidedAt !== after.decidedAt || before.reason !== after.reason))
    broken('I5', 'decided twice');
  const isHeldNow = before.state === 'TRYING' && after.state === 'TRIED';
  const isConfirm = before.state === 'TRIED' && (after.state === 'CONFIRMED' || after.state === 'CONFIRMING');
  if ((isHeldNow || isConfirm) && now >= before.expiresAt)
    broken('I8', `${after.state} ${now - before.expiresAt} ms after the deadline`);
  if (before.branches.length !== after.branches.length) broken('I9', 'a branch came or went after its Try');
  before.branches.forEach((branch, index) => {
    checkBranchMove(branch, after.branches[index]);
  });
  for (const branch of after.branches) checkWork(after, branch);
  checkTogether(after);
}

/** I9: what a Try opens is registered with it, and asked for nothing but its Try. */
export function checkOpened(opened: StoredTransaction, changes: readonly Change[]): void {
  for (const branch of opened.branches) {
    const isRegistered = changes.some((change) => change.kind === 'register-branch' && change.branchId === branch.id);
    if (!isRegistered) broken('I9', `branch ${branch.id} is asked before it is recorded`);
    checkWork(opened, branch);
  }
}

function checkBranchMove(before: Branch, after: Branch | undefined): void {
  if (after === undefined || before.id !== after.id || before.participant !== after.participant)
    broken('I9', `branch ${before.id} became another`);
  if (before === after) return;
  const isMove = BRANCH_MOVES.some((event) => stepBranch(before.state, event)?.to === after.state);
  if (!isMove && before.state !== after.state) broken('I5', `a branch that is ${before.state} became ${after.state}`);
  if (after.fence < before.fence) broken('I11', `the fence of ${before.id} went back`);
  const isSameGrant =
    before.work.kind === 'under-way' && after.work.kind === 'under-way' && before.work.phase === after.work.phase;
  if (after.work.kind === 'under-way' && !isSameGrant && after.fence === before.fence)
    broken('I11', `${before.id} is granted again under the same fence`);
  if (after.attemptsInAll < before.attemptsInAll) broken('I5', `attempts of ${before.id} were forgotten`);
}

/** I9: nobody is asked to confirm or to cancel before that is decided; and who is settled is asked nothing. */
function checkWork({ state, decidedAt }: StoredTransaction, branch: Branch): void {
  if (branch.work.kind === 'none') return;
  const { phase } = branch.work;
  const isTold =
    phase === 'try'
      ? state === 'TRYING' || (state === 'CANCELLING' && branch.work.kind === 'under-way')
      : decidedAt !== null && state === (phase === 'confirm' ? 'CONFIRMING' : 'CANCELLING');
  if (!isTold) broken('I9', `a branch of a ${state} transaction is asked for ${phase}`);
  if (branch.state === 'CONFIRMED' || branch.state === 'CANCELLED')
    broken('I5', `a ${branch.state} branch is asked for ${phase}`);
}

/** Where a transaction stands follows from where its branches stand. */
function checkTogether({ state, branches, needsAttention }: StoredTransaction): void {
  if (branches.length === 0) return;
  const isEach = (...states: readonly Branch['state'][]): boolean => branches.every((branch) => states.includes(branch.state));
  const isEnded = state === 'CONFIRMED' || state === 'CANCELLED';
  if (isEnded !== isEach('CONFIRMED', 'CANCELLED'))
    broken('I5', `${state} with ${branches.map((branch) => branch.state).join()}`);
  if (state === 'TRIED' && !isEach('TRIED')) broken('I5', `TRIED with ${branches.map((branch) => branch.state).join()}`);
  if (needsAttention !== branches.some((branch) => branch.needsAttention)) broken('I5', 'attention for no branch, or for none');
}
