// Owns the plain sentences about a transaction: what it is waiting for, and what happens next and when. Pure.
import type { Branch } from '../coordinator/model.ts';
import type { StoredTransaction } from '../coordinator/rows.ts';

type Subject = Pick<StoredTransaction, 'state' | 'reason' | 'expiresAt' | 'needsAttention' | 'branches' | 'items'>;

/** One sentence or two: what happens next by itself, and when. @param now in ms since 1970 */
export function nextOf(transaction: Subject, now: number): string {
  const { state, expiresAt } = transaction;
  switch (state) {
    case 'TRIED':
      return expiresAt > now
        ? `It is held until ${clock(expiresAt)} (${within(expiresAt - now)}): released then, unless it is confirmed or cancelled before.`
        : `Its deadline passed ${duration(now - expiresAt)} ago: it is released with the next sweep.`;
    case 'TRYING':
      return expiresAt > now
        ? `${askingOf(transaction.branches, now)} Without all answers by ${clock(expiresAt)} (${within(expiresAt - now)}) it is cancelled.`
        : `Its deadline passed ${duration(now - expiresAt)} ago: it is cancelled with the next sweep.`;
    case 'CONFIRMING':
    case 'CANCELLING':
      return `${askingOf(transaction.branches, now)} It is ${state === 'CONFIRMING' ? 'CONFIRMED' : 'CANCELLED'} once every branch has answered${transaction.needsAttention ? ', or is resolved by hand' : ''}.`;
    default:
      return ended(transaction);
  }
}

/** One sentence: why it is not further. @param now in ms since 1970 */
export function whyOf(transaction: Subject, now: number): string {
  const { state, branches } = transaction;
  const open = branches.filter((branch) => !isThrough(branch, state));
  if (state === 'CONFIRMED' || state === 'CANCELLED') return opposites(transaction);
  const failing = open.filter(({ lastError }) => lastError !== null);
  if (failing.length > 0) return `${listOf(failing.map(faultOf))}.`;
  const asked = open.filter(({ work }) => work.kind === 'under-way').map(({ participant }) => participant);
  if (asked.length > 0) return `${listOf(asked)} ${asked.length > 1 ? 'have' : 'has'} not answered yet.`;
  if (open.length > 0) return `${listOf(open.map(({ participant }) => participant))} said: not yet.`;
  return transaction.expiresAt <= now ? 'Its deadline has come.' : 'It waits for its caller.';
}

function faultOf({ participant, attempts, lastError }: Branch): string {
  return `${participant} failed (${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}; last: ${lastError})`;
}

/** Whether nothing more is asked of the branch in its transaction's state. */
function isThrough({ state }: Branch, transaction: StoredTransaction['state']): boolean {
  return state === 'CONFIRMED' || state === 'CANCELLED' || (transaction === 'TRYING' && state !== 'REGISTERED');
}

/** Whom it asks now, and whom it asks next. */
function askingOf(branches: readonly Branch[], now: number): string {
  const asked = branches.filter(({ work }) => work.kind === 'under-way');
  const waiting = branches.flatMap((branch) => (branch.work.kind === 'waiting' ? [{ ...branch, work: branch.work }] : []));
  const [soonest] = [...waiting].sort((a, b) => a.work.at - b.work.at);
  const sentences: string[] = [];
  if (asked.length > 0) {
    const names = asked.map(({ participant, work }) => `${participant} (${work.kind === 'none' ? '' : work.phase})`);
    sentences.push(`${listOf(names)} ${asked.length > 1 ? 'are' : 'is'} being asked now.`);
  }
  if (soonest !== undefined) {
    const { participant, work, attempts } = soonest;
    const when = work.at > now ? within(work.at - now) : 'as soon as there is room for the call';
    const others = waiting.length > 1 ? `; ${waiting.length - 1} more ${waiting.length > 2 ? 'wait' : 'waits'}` : '';
    sentences.push(`${participant} is asked to ${work.phase} again ${when} (attempt ${attempts + 1})${others}.`);
  }
  return sentences.length > 0 ? sentences.join(' ') : 'Every branch has answered.';
}

function ended(transaction: Subject): string {
  const { state, reason, needsAttention, items } = transaction;
  if (needsAttention) return `Nothing happens by itself any more. ${opposites(transaction)}`;
  if (reason === 'cancelled-before-try') return 'Nothing: a Try with this id will be refused.';
  if (state === 'CANCELLED') return 'Nothing: it is over, and holds nothing.';
  const isRefundable = items.some(({ deducted, refunded }) => deducted > refunded);
  return isRefundable ? 'Nothing: it is done. What was sold may still be refunded.' : 'Nothing: it is done.';
}

/** What an operator found a branch to be, against the decision. */
function opposites({ state, branches }: Subject): string {
  const against = branches.filter((branch) => branch.needsAttention).map((branch) => `${branch.participant} is ${branch.state}`);
  if (against.length === 0) return 'It is over.';
  return `By an operator’s word ${listOf(against)}, while the transaction is ${state}: that must be set right by hand.`;
}

/** At most three by name. */
function listOf(parts: readonly string[]): string {
  const shown = parts.slice(0, 3);
  const hidden = parts.length - shown.length;
  const all = hidden > 0 ? [...shown, `${hidden} more`] : shown;
  return all.length < 2 ? (all[0] ?? '') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

function clock(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function within(ms: number): string {
  return `in ${duration(ms)}`;
}

/** In its two largest units: 1 d 2 h, 3 min 4 s, 5 s. */
export function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  const units = [
    ['d', Math.floor(seconds / 86_400)],
    ['h', Math.floor(seconds / 3600) % 24],
    ['min', Math.floor(seconds / 60) % 60],
    ['s', seconds % 60],
  ] as const;
  const first = units.findIndex(([, count]) => count > 0);
  return units
    .slice(first, first + 2)
    .filter(([, count]) => count > 0)
    .map(([unit, count]) => `${count} ${unit}`)
    .join(' ');
}
