// Owns the check that a basket is held, sold and released whole (I4).
import type { Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';
import { collectorOf } from './finding.ts';
import { examineSamples } from './samples.ts';

/** I4: at the end, and in every look at what is open. */
export function checkBasketsAreWhole(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I4', 'A basket is reserved whole or not at all');
  let baskets = 0;
  const inPart = new Set(evidence.operations.filter(({ kind }) => kind === 'confirm-part').map((each) => each.transactionId));
  for (const row of evidence.transactions.values()) {
    if (row.items.length === 0) continue;
    collector.examine();
    baskets += 1;
    const why = brokenBasket(row, inPart.has(row.id));
    if (why !== null) collector.violate(`${row.id}, ${row.state}: ${why}`, row.updatedMs);
  }
  examineSamples(evidence, 'I4', collector);
  return collector.finding(`${baskets.toLocaleString('en')} baskets at the end, and the items of open ones in every look`);
}

/** @param mayBeInPart whether anybody asked for a part of it alone */
function brokenBasket({ state, items }: TransactionRow, mayBeInPart: boolean): string | null {
  const held = items.filter((item) => item.state === 'RESERVED').length;
  if (state === 'TRYING' || state === 'TRIED') return held === items.length ? null : `${held} of ${items.length} items held`;
  if (held > 0) return `${held} items still held`;
  const sold = items.filter(({ deducted }) => deducted > 0).length;
  if (!state.startsWith('CONFIRM'))
    return sold === 0 && items.every((item) => item.state === 'AVAILABLE') ? null : `${sold} items sold, and not all of it free`;
  if (sold === 0) return 'nothing of it was sold';
  const isWhole = items.every(({ deducted, quantity }) => deducted === quantity);
  return isWhole || mayBeInPart ? null : 'a part of it was sold, for which nobody had asked';
}
