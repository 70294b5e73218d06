// Owns the arbitrary commands of the property tests: few ids, few SKUs and small quantities, so that they meet often.
import fc from 'fast-check';
import type { BranchReplyCommand, CallOutcome, Command, ReplyForm } from '../../src/coordinator/command.ts';
import type { Rows } from '../../src/coordinator/rows.ts';
import {
  branchesOf,
  cancelOf,
  confirmOf,
  countOf,
  expireOf,
  extendOf,
  type Line,
  movementId,
  moveOf,
  putParticipantOf,
  refundId,
  refundOf,
  removeParticipantOf,
  replyOf,
  resolveOf,
  retryOf,
  transactionId,
  tryOf,
} from './commands.ts';

export const WAREHOUSES = ['default', 'north'] as const;
/** The last of them is never stocked by the tests themselves. */
export const SKUS = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'] as const;

/** The last of them is hardly ever registered. */
export const PARTICIPANTS = ['pay', 'points', 'nobody'] as const;

const anyId = fc.integer({ min: 1, max: 5 });
/** Those that are usually tried with branches, and what else is said of branches is about them. */
const BRANCHED = { 6: ['pay'], 7: ['pay', 'points'], 8: ['points', 'pay', 'pay'] } as const;
const anyBranchedId = fc.constantFrom(6 as const, 7 as const, 8 as const);
const anyLine: fc.Arbitrary<Line> = fc.tuple(
  fc.constantFrom(...SKUS.slice(0, 3), ...SKUS),
  fc.integer({ min: 1, max: 4 }),
  fc.constantFrom(WAREHOUSES[0], WAREHOUSES[0], ...WAREHOUSES),
);
const anyLines = fc.array(anyLine, { minLength: 1, maxLength: 3 });
/** What an id is mostly tried with, so that it often meets its own content. */
const USUAL: readonly { readonly lines: readonly Line[]; readonly timeoutMs: number }[] = [
  { lines: [['s1', 2]], timeoutMs: 500 },
  {
    lines: [
      ['s1', 1],
      ['s2', 3],
    ],
    timeoutMs: 500,
  },
  {
    lines: [
      ['s2', 4],
      ['s3', 1],
    ],
    timeoutMs: 5,
  },
  { lines: [['s1', 2]], timeoutMs: 20 },
  { lines: [['s3', 6]], timeoutMs: 500 },
];
const fewLines = fc.oneof(fc.constantFrom(...USUAL.map(({ lines }) => lines)), anyLines);
const anyTimeout = fc.constantFrom(5, 20, 500);
const anyReply = fc.constantFrom<ReplyForm>('whole', 'minimal');

function usualTry(id: number, reply: ReplyForm): Command {
  const { lines, timeoutMs } = USUAL[id - 1] ?? { lines: [['s1', 1]], timeoutMs: 500 };
  return tryOf(transactionId(id), lines, { timeoutMs, reply });
}

const RETRY = { initialMs: 4, maxMs: 12, attentionAfter: 3 };

/** A reply as it is drawn: what it is a reply to is known only when its turn has come (grounded). */
const anyReplyCommand: fc.Arbitrary<Command> = fc
  .tuple(
    anyBranchedId.map(transactionId),
    fc.integer({ min: 0, max: 2 }),
    fc.constantFrom<CallOutcome>('done', 'done', 'done', 'done', 'refused', 'not-yet', 'failed', 'not-sent'),
    fc.constantFrom(0, 0, 0, 0, 0, 0, -1, 1),
  )
  .map(([id, position, outcome, fence]) => replyOf(id, position, 'try', outcome, { fence, retry: RETRY }));

/** Nearly all participants of a transaction answer well, in any order, and somebody who waited for that goes on at once. */
export const anyAnswers: fc.Arbitrary<readonly Command[]> = fc
  .tuple(
    anyBranchedId.map(transactionId),
    fc.shuffledSubarray([0, 1, 2], { minLength: 2 }),
    fc.constantFrom<CallOutcome>('done', 'done', 'done', 'done', 'failed', 'not-yet'),
    fc.integer({ min: 0, max: 5 }),
  )
  .map(([id, positions, last, dice]) => {
    const outcomeOf = (index: number): CallOutcome => (index === 0 ? last : 'done');
    const replies = positions.map((position, index) =>
      replyOf(id, position, 'try', outcomeOf(index), { fence: 0, retry: RETRY }),
    );
    return dice < 3 ? [...replies, confirmOf(id)] : replies;
  });

/** Says to which call a drawn reply belongs: to the one under way, or by its fence to an earlier or a later one. */
export function grounded(command: Command, rows: Rows): Command {
  if (command.kind !== 'branch-reply') return command;
  const branch = rows.transactions.get(command.id)?.branches.find(({ id }) => id === command.branchId);
  if (branch === undefined) return command;
  const phase: BranchReplyCommand['phase'] = branch.work.kind === 'none' ? 'cancel' : branch.work.phase;
  return { ...command, phase, fence: branch.fence + command.fence };
}

const anyBranchCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(anyBranchedId, anyReply, fc.constantFrom(500, 500, 500, 20)).map(([id, reply, timeoutMs]) =>
      tryOf(transactionId(id), id === 8 ? [] : [['s4', 1]], {
        ...{ branches: branchesOf(transactionId(id), ...BRANCHED[id]), reply, timeoutMs: id === 6 ? timeoutMs : 500 },
      }),
    ),
  },
  { weight: 20, arbitrary: anyReplyCommand },
  { weight: 6, arbitrary: anyBranchedId.map((id) => confirmOf(transactionId(id))) },
  { weight: 1, arbitrary: anyBranchedId.map((id) => cancelOf(transactionId(id))) },
  { weight: 1, arbitrary: anyBranchedId.map((id) => confirmOf(transactionId(id), [['s4', 1]])) },
  { weight: 1, arbitrary: anyBranchedId.map((id) => expireOf(transactionId(id))) },
  { weight: 1, arbitrary: anyBranchedId.map((id) => extendOf(transactionId(id), 500)) },
  { weight: 1, arbitrary: anyBranchedId.map((id) => refundOf(transactionId(id), null)) },
  { weight: 2, arbitrary: anyBranchedId.map((id) => retryOf(transactionId(id))) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(anyBranchedId, fc.integer({ min: 0, max: 3 }), fc.constantFrom('CONFIRMED' as const, 'CANCELLED' as const))
      .map(([id, position, as]) => resolveOf(transactionId(id), position, as)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyBranchedId, fc.constantFrom(...PARTICIPANTS))
      .map(([id, name]) => tryOf(transactionId(id), [['s4', 1]], { branches: branchesOf(transactionId(id), name) })),
  },
  { weight: 1, arbitrary: fc.constantFrom(...PARTICIPANTS).map((name) => putParticipantOf(name)) },
  { weight: 1, arbitrary: fc.constantFrom(...PARTICIPANTS).map(removeParticipantOf) },
);

/** @param serial makes the ids that the server would make: no two are alike */
export function anyCommand(serial: () => number): fc.Arbitrary<Command> {
  return fc.oneof({ weight: 1, arbitrary: anyItemCommand(serial) }, { weight: 1, arbitrary: anyBranchCommand });
}

function anyItemCommand(serial: () => number): fc.Arbitrary<Command> {
  const transaction = anyId.map(transactionId);
  return fc.oneof(
    { weight: 8, arbitrary: fc.tuple(anyId, anyReply).map(([id, reply]) => usualTry(id, reply)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(transaction, fewLines, anyTimeout, anyReply)
        .map(([id, lines, timeoutMs, reply]) => tryOf(id, lines, { timeoutMs, reply })),
    },
    { weight: 2, arbitrary: fewLines.map((lines) => tryOf(transactionId(1000 + serial()), lines, { idGiven: false })) },
    { weight: 6, arbitrary: fc.tuple(transaction, anyReply).map(([id, reply]) => confirmOf(id, null, reply)) },
    { weight: 2, arbitrary: fc.tuple(transaction, fewLines).map(([id, lines]) => confirmOf(id, lines)) },
    { weight: 2, arbitrary: fc.tuple(transaction, fc.constantFrom(null, 'why')).map(([id, note]) => cancelOf(id, note)) },
    { weight: 2, arbitrary: transaction.map(expireOf) },
    { weight: 1, arbitrary: fc.tuple(transaction, anyTimeout).map(([id, timeoutMs]) => extendOf(id, timeoutMs)) },
    { weight: 2, arbitrary: transaction.map((id) => refundOf(id, null)) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(
          transaction,
          anyId,
          fc.oneof(
            fc.constant(null),
            anyLine.map((line) => [line]),
            fewLines,
          ),
        )
        .map(([id, refund, lines]) => refundOf(id, refundId(refund), lines)),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          fc.integer({ min: 1, max: 12 }),
          fc.constantFrom('RECEIVE' as const, 'WRITE_OFF' as const, 'ADJUST' as const),
          anyLine,
          fc.boolean(),
        )
        .map(([id, kind, [sku, quantity, warehouse], isLess]) =>
          moveOf(movementId(id), kind, [sku, kind === 'ADJUST' && isLess ? -quantity : quantity, warehouse ?? 'default']),
        ),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(anyLine, fc.integer({ min: 0, max: 12 }), fc.boolean()).map(([[sku, , warehouse], count, isOnHand]) =>
        countOf(movementId(1000 + serial()), sku, isOnHand ? { onHand: count } : { available: count }, {
          warehouse: warehouse ?? 'default',
        }),
      ),
    },
  );
}
