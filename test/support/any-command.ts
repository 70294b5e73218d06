// Owns the arbitrary commands of the property tests: few ids, few SKUs and small quantities, so that they meet often.
import fc from 'fast-check';
import type { Command, ReplyForm } from '../../src/coordinator/command.ts';
import {
  cancelOf,
  confirmOf,
  countOf,
  expireOf,
  extendOf,
  type Line,
  movementId,
  moveOf,
  refundId,
  refundOf,
  transactionId,
  tryOf,
} from './commands.ts';

export const WAREHOUSES = ['default', 'north'] as const;
/** The last of them is never stocked by the tests themselves. */
export const SKUS = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'] as const;

const anyId = fc.integer({ min: 1, max: 5 });
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

/** @param serial makes the ids that the server would make: no two are alike */
export function anyCommand(serial: () => number): fc.Arbitrary<Command> {
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
