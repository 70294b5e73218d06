// Owns the arbitrary commands of the property tests: few ids, few SKUs and small quantities, so that they meet often.
import fc from 'fast-check';
import type { Command } from '../../src/coordinator/command.ts';
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

const anyId = fc.integer({ min: 1, max: 6 });
const anyLine: fc.Arbitrary<Line> = fc.tuple(
  fc.constantFrom(...SKUS.slice(0, 3), ...SKUS),
  fc.integer({ min: 1, max: 4 }),
  fc.constantFrom(WAREHOUSES[0], WAREHOUSES[0], ...WAREHOUSES),
);
const anyLines = fc.array(anyLine, { minLength: 1, maxLength: 3 });
/** The same few baskets again and again, so that an id often meets its own content. */
const fewLines = fc.oneof(
  fc.constantFrom<readonly Line[]>(
    [['s1', 2]],
    [
      ['s1', 1],
      ['s2', 3],
    ],
    [
      ['s2', 4],
      ['s3', 1, 'north'],
    ],
  ),
  anyLines,
);
const anyTimeout = fc.constantFrom(5, 20, 500);
const anyReply = fc.constantFrom('whole', 'minimal');

/** @param serial makes the ids that the server would make: no two are alike */
export function anyCommand(serial: () => number): fc.Arbitrary<Command> {
  const transaction = anyId.map(transactionId);
  return fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(transaction, fewLines, anyTimeout, anyReply)
        .map(([id, lines, timeoutMs, reply]) => tryOf(id, lines, { timeoutMs, reply })),
    },
    { weight: 2, arbitrary: fewLines.map((lines) => tryOf(transactionId(1000 + serial()), lines, { idGiven: false })) },
    { weight: 4, arbitrary: fc.tuple(transaction, anyReply).map(([id, reply]) => confirmOf(id, null, reply)) },
    { weight: 2, arbitrary: fc.tuple(transaction, fewLines).map(([id, lines]) => confirmOf(id, lines)) },
    { weight: 3, arbitrary: fc.tuple(transaction, fc.constantFrom(null, 'why')).map(([id, note]) => cancelOf(id, note)) },
    { weight: 2, arbitrary: transaction.map(expireOf) },
    { weight: 1, arbitrary: fc.tuple(transaction, anyTimeout).map(([id, timeoutMs]) => extendOf(id, timeoutMs)) },
    { weight: 1, arbitrary: transaction.map((id) => refundOf(id, null)) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(transaction, anyId, fc.option(anyLines))
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
