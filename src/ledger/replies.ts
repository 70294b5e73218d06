// Owns the optimistic path of replies: turns those that say "done" into the parameters of apply_replies, and reads its answer.
import { BRANCH_PHASES, BRANCH_STATES, TRANSACTION_STATES } from '../../workflows/states.ts';
import { stepBranch, stepTransaction } from '../../workflows/step.ts';
import type { AppliedReplies, DoneReply } from '../coordinator/ledger.ts';
import type { BranchPhase } from '../coordinator/model.ts';
import { plainArray } from './arrays.ts';
import { transactionsOfDocuments } from './documents.ts';

const DONE = { try: 'TRY_DONE', confirm: 'CONFIRM_DONE', cancel: 'CANCEL_DONE' } as const;

/** I5: what the machines allow, handed to SQL as parameters. */
const MOVE_PARAMETERS = moveParameters();

function moveParameters(): string[] {
  const moves = BRANCH_PHASES.flatMap((phase) =>
    BRANCH_STATES.flatMap((from) => {
      const to = stepBranch(from, DONE[phase])?.to;
      return to === undefined ? [] : [{ phase, from, to }];
    }),
  );
  const tried = settlements('try', 'BRANCHES_TRIED');
  const settled = [...settlements('confirm', 'BRANCHES_SETTLED'), ...settlements('cancel', 'BRANCHES_SETTLED')];
  const all = [...tried, ...settled];
  return [
    plainArray(moves.map(({ phase }) => phase)),
    plainArray(moves.map(({ from }) => from)),
    plainArray(moves.map(({ to }) => to)),
    plainArray(all.map(({ phase }) => phase)),
    plainArray(all.map(({ from }) => from)),
    plainArray(all.map(({ to }) => to)),
    plainArray(all.map(({ event }) => event)),
  ];
}

/** From where to where a transaction goes when the last of its branches is through with a phase. */
function settlements(phase: BranchPhase, event: 'BRANCHES_TRIED' | 'BRANCHES_SETTLED') {
  return TRANSACTION_STATES.flatMap((from) => {
    const step = stepTransaction(from, event, { hasBranches: true });
    return step === null || phaseOf(from) !== phase ? [] : [{ phase, from, to: step.to, event }];
  });
}

/** What the branches of a transaction in this state are asked for. */
function phaseOf(state: (typeof TRANSACTION_STATES)[number]): BranchPhase | null {
  if (state === 'TRYING') return 'try';
  if (state === 'CONFIRMING') return 'confirm';
  return state === 'CANCELLING' ? 'cancel' : null;
}

interface Sorted {
  readonly reply: DoneReply;
  readonly index: number;
}

/** In the order in which every writer takes branches (docs/design.md, Locks). */
function sorted(replies: readonly DoneReply[]): Sorted[] {
  const keyOf = ({ reply }: Sorted): string => `${reply.id} ${reply.branchId}`;
  return replies.map((reply, index) => ({ reply, index })).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** @returns the parameters of apply_replies, and how to read its answer */
export function replyCall(replies: readonly DoneReply[]): {
  readonly values: unknown[];
  readonly read: (text: string) => AppliedReplies;
} {
  const inOrder = sorted(replies);
  const column = (pick: (reply: DoneReply) => string | number): string => plainArray(inOrder.map(({ reply }) => pick(reply)));
  const values = [
    column(({ id }) => id),
    column(({ branchId }) => branchId),
    column(({ phase }) => phase),
    column(({ fence }) => fence),
    column(({ status }) => status ?? 'NULL'),
    column(({ durationMs }) => durationMs),
    ...MOVE_PARAMETERS,
  ];
  const read = (text: string): AppliedReplies => {
    const answer = JSON.parse(text) as {
      now: number;
      done: readonly number[];
      moved: Parameters<typeof transactionsOfDocuments>[0];
    };
    const done = new Set(answer.done.map((position) => inOrder[position - 1]?.index ?? -1));
    return { now: answer.now, done, moved: transactionsOfDocuments(answer.moved) };
  };
  return { values, read };
}
