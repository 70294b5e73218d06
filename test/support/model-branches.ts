// Owns the model's remote branches: what the reply table of the contract (section 6) and its rules 4 to 8 say of them, written
// apart from the core, one command after the other.
import type { BranchReplyCommand, ResolveCommand } from '../../src/coordinator/command.ts';

export interface ModelBranch {
  readonly id: string;
  readonly participant: string;
  state: 'REGISTERED' | 'TRIED' | 'REFUSED' | 'CONFIRMED' | 'CANCELLED';
  /** What its participant is asked for; null where nothing is left to ask. */
  asked: 'try' | 'confirm' | 'cancel' | null;
  /** Null where it is being asked right now. */
  waitsUntil: number | null;
  fence: number;
  attempts: number;
  failures: number;
  needsAttention: boolean;
  resolved: boolean;
}

export interface Branched {
  state: 'TRYING' | 'TRIED' | 'CONFIRMING' | 'CONFIRMED' | 'CANCELLING' | 'CANCELLED';
  readonly branches: ModelBranch[];
  readonly expiresAt: number;
}

export function newBranch(id: string, participant: string): ModelBranch {
  const counts = { fence: 1, attempts: 0, failures: 0 };
  const flags = { needsAttention: false, resolved: false };
  return { id, participant, state: 'REGISTERED', asked: 'try', waitsUntil: null, ...counts, ...flags };
}

export function isSettled({ state }: ModelBranch): boolean {
  return state === 'CONFIRMED' || state === 'CANCELLED';
}

/** Phase two reaches every branch; one whose Try is on its way hears of it after that. */
export function askAll({ branches }: Branched, phase: 'confirm' | 'cancel'): void {
  for (const branch of branches) {
    const isOnItsWay = branch.asked !== null && branch.waitsUntil === null;
    if (!isOnItsWay) ask(branch, phase);
  }
}

function ask(branch: ModelBranch, phase: ModelBranch['asked']): void {
  Object.assign(branch, { asked: phase, waitsUntil: null, fence: branch.fence + 1, attempts: 0, failures: 0 });
}

/** A claim, or an operator who will not wait. */
export function askWaiting({ branches }: Branched, isDue: (at: number) => boolean): void {
  for (const branch of branches) {
    if (branch.waitsUntil === null || !isDue(branch.waitsUntil)) continue;
    branch.waitsUntil = null;
    branch.fence += 1;
  }
}

/** @returns what the transaction is cancelled for, where this reply is the reason */
export function hear(known: Branched, command: BranchReplyCommand, now: number): 'participant-refused' | 'expired' | null {
  const branch = known.branches.find(({ id }) => id === command.branchId);
  const isAsked = branch?.asked === command.phase && branch.waitsUntil === null && branch.fence === command.fence;
  if (branch === undefined || !isAsked) return null;
  note(branch, command, now, known.expiresAt);
  if (command.phase === 'try' && known.state === 'CANCELLING') ask(branch, 'cancel');
  else if (known.state === 'TRYING' && branch.state === 'REFUSED')
    return now >= known.expiresAt ? 'expired' : 'participant-refused';
  else if (known.state === 'TRYING' && now < known.expiresAt && known.branches.every(({ state }) => state === 'TRIED'))
    known.state = 'TRIED';
  finish(known);
  return null;
}

function note(branch: ModelBranch, { phase, outcome, retry }: BranchReplyCommand, now: number, expiresAt: number): void {
  if (outcome === 'not-sent') {
    branch.waitsUntil = phase === 'try' && now >= expiresAt ? now + retry.initialMs : now;
    return;
  }
  branch.attempts += 1;
  if (outcome === 'done') {
    branch.state = phase === 'try' ? 'TRIED' : phase === 'confirm' ? 'CONFIRMED' : 'CANCELLED';
    branch.needsAttention = false;
    branch.asked = null;
  } else if (outcome === 'refused' && phase === 'try') {
    branch.state = 'REFUSED';
    branch.asked = null;
  } else if (outcome === 'not-yet') {
    branch.waitsUntil = now + retry.initialMs;
  } else {
    branch.waitsUntil = now + Math.min(retry.initialMs * 2 ** branch.failures, retry.maxMs);
    branch.failures += 1;
    if (phase !== 'try' && (outcome === 'refused' || branch.attempts >= retry.attentionAfter)) branch.needsAttention = true;
  }
}

function finish(known: Branched): void {
  if (!known.branches.every(isSettled)) return;
  if (known.state === 'CONFIRMING') known.state = 'CONFIRMED';
  if (known.state === 'CANCELLING') known.state = 'CANCELLED';
}

export function resolve(known: Branched, { branchId, as }: ResolveCommand): string {
  const branch = known.branches.find(({ id }) => id === branchId);
  if (branch === undefined) return 'not-found';
  if (branch.resolved && branch.state === as) return known.state;
  if ((known.state !== 'CONFIRMING' && known.state !== 'CANCELLING') || isSettled(branch)) return 'invalid-transition';
  const needsAttention = (known.state === 'CONFIRMING') !== (as === 'CONFIRMED');
  Object.assign(branch, { state: as, asked: null, waitsUntil: null, resolved: true, needsAttention });
  finish(known);
  return known.state;
}
