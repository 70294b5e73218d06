// Owns the check that a transaction is decided once and moves as the machines allow (I5).

import type { BranchState, TransactionState } from '../../workflows/states.ts';
import { stepBranch, stepTransaction } from '../../workflows/step.ts';
import type { AttemptRow, Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { Finding, OperationRecord } from '../record.ts';
import { conversationsOf } from './conversations.ts';
import { type Collector, collectorOf } from './finding.ts';
import { examineSamples } from './samples.ts';
import { membersOf } from './told.ts';

const ENDS = new Set(['CONFIRMED', 'CANCELLED']);
/** The events that stand in the history and move the transaction; an operator's doings move branches. */
const MOVES = ['BRANCHES_TRIED', 'BRANCHES_SETTLED', 'EXTEND', 'REFUND'] as const;
type Move = (typeof MOVES)[number];

/** I5: one end, the same for everybody who was told of one, and no move that the machines do not allow. */
export function checkDecidedOnce(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I5', 'A transaction is decided once, reaches one end and never leaves it');
  for (const row of evidence.transactions.values()) {
    collector.examine();
    examineRow(row, collector);
  }
  for (const attempt of evidence.attempts) examineAttempt(attempt, collector);
  for (const [id, operations] of conversationsOf(evidence).byId) {
    examineEnds(id, operations, evidence.transactions.get(id), collector);
  }
  examineSamples(evidence, 'I5', collector);
  const [transactions, attempts] = [evidence.transactions.size, evidence.attempts.length].map((count) =>
    count.toLocaleString('en'),
  );
  return collector.finding(`${transactions} transactions, ${attempts} attempts, every end that was told, and every look`);
}

function examineRow(row: TransactionRow, collector: Collector): void {
  const { id, state, decidedMs, reason, branches, branchCount, updatedMs } = row;
  const violate = (text: string): void => collector.violate(`${id}, ${state}: ${text}`, updatedMs);
  if ((decidedMs !== null) !== (state !== 'TRYING' && state !== 'TRIED'))
    violate('its decision has no time, or a time and no decision');
  if ((reason !== null) !== state.startsWith('CANCEL')) violate('cancelled without a reason, or the other way round');
  if (branches.length !== branchCount) violate(`${branches.length} branches of ${branchCount}`);
  const against = branches.filter((branch) => !branch.resolved && isAgainst(branch.state, state));
  for (const branch of against) violate(`its branch ${branch.id} is ${branch.state}`);
  const isSettled = branches.every((branch) => ENDS.has(branch.state));
  if (branchCount > 0 && isSettled !== ENDS.has(state))
    violate(`its branches are ${branches.map((each) => each.state).join(', ')}`);
  examineMoves(row, violate);
}

function isAgainst(branchState: string, state: string): boolean {
  if (branchState === 'CONFIRMED') return !state.startsWith('CONFIRM');
  return branchState === 'CANCELLED' && !state.startsWith('CANCEL');
}

function examineMoves({ events, branchCount }: TransactionRow, violate: (text: string) => void): void {
  let settled = 0;
  for (const { event, from, to } of events) {
    if (!(MOVES as readonly string[]).includes(event)) continue;
    const step = stepTransaction((from ?? 'ABSENT') as TransactionState | 'ABSENT', event as Move, {
      hasBranches: branchCount > 0,
    });
    if (step?.to !== to) violate(`${event} led from ${from} to ${to}`);
    if (event === 'BRANCHES_SETTLED') settled += 1;
  }
  if (settled > 1) violate(`it was settled ${settled} times`);
}

const BRANCH_EVENTS = ['TRY_DONE', 'TRY_REFUSED', 'CONFIRM_DONE', 'CANCEL_DONE'] as const;

function examineAttempt({ branchId, from, to, phase, atMs }: AttemptRow, collector: Collector): void {
  collector.examine();
  if (from === to || BRANCH_EVENTS.some((event) => stepBranch(from as BranchState, event)?.to === to)) return;
  collector.violate(`branch ${branchId} went from ${from} to ${to} by a ${phase}`, atMs);
}

/** Whoever is told of an end is told of the one that there is, and so is everybody who asks after that. */
function examineEnds(
  id: string,
  operations: readonly OperationRecord[],
  row: TransactionRow | undefined,
  collector: Collector,
): void {
  let knownMs = Number.POSITIVE_INFINITY;
  // In the order of their ends: whoever was sent after an answer had ended stands after it.
  for (const { outcome, sentMs, endedMs } of operations) {
    if (outcome.kind !== 'answer') continue;
    const state = stateIn(outcome.body);
    if (state === null) continue;
    const isEnd = ENDS.has(state);
    if (isEnd || sentMs > knownMs) collector.examine();
    if (isEnd && row?.state !== state)
      collector.violate(`${id}: told ${state}, but ${row?.state ?? 'absent'} in the end`, endedMs);
    if (!isEnd && sentMs > knownMs)
      collector.violate(`${id}: told ${state} ${sentMs - knownMs} ms after its end had been told`, endedMs);
    if (isEnd) knownMs = Math.min(knownMs, endedMs);
  }
}

/** Of a transaction, and of a problem that tells why it does not fit. */
function stateIn(body: unknown): string | null {
  const { state } = membersOf(body);
  return typeof state === 'string' ? state : null;
}
