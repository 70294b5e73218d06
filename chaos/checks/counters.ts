// Owns the checks of the counters: they add up to what was moved (I1), never fall below nothing (I2), and are the sums over the
// reservations (I3); at the end, after every movement, and in every look meanwhile.
import type { Evidence, StockRow } from '../evidence/evidence.ts';
import type { Finding } from '../record.ts';
import { collectorOf } from './finding.ts';
import { examineSamples } from './samples.ts';
import { type Books, booksOf, totalAt } from './stock-books.ts';
import { stockKey } from './told.ts';

const shown = ({ sku, warehouse, available, reserved, deducted }: Omit<StockRow, 'table' | 'version'>): string =>
  `${sku} in ${warehouse}: ${available} available, ${reserved} reserved, ${deducted} deducted`;

/** I1: nothing comes into being and nothing vanishes but by a movement. */
export function checkCountersAddUp(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I1', 'available + reserved + deducted is what the movements brought');
  const books = booksOf(evidence);
  const counted = new Set(evidence.stock.map(stockKey));
  for (const row of evidence.stock) {
    collector.examine();
    const moved = movedIn(books.get(stockKey(row)));
    if (row.available + row.reserved + row.deducted !== moved) collector.violate(`${shown(row)}, but ${moved} were moved`, null);
  }
  for (const [key, { movements, totals }] of books) {
    if (!counted.has(key)) collector.violate(`${key}: moved, but not counted`, null);
    movements.forEach((movement, place) => {
      collector.examine();
      const { availableAfter, reservedAfter, deductedAfter, atMs, id } = movement;
      const after = (availableAfter ?? 0) + (reservedAfter ?? 0) + (deductedAfter ?? 0);
      if (after !== totals[place])
        collector.violate(`${key}: ${after} in all after movement ${id}, where ${totals[place]} were moved`, atMs);
    });
  }
  examineSamples(evidence, 'I1', collector);
  return collector.finding(
    `${evidence.stock.length} counters at the end, ${evidence.movements.length} movements, and every look`,
  );
}

/** I2: below nothing there is nothing, so nothing is sold that is not there. */
export function checkNothingIsNegative(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I2', 'No counter is negative: nothing is sold twice');
  const books = booksOf(evidence);
  for (const row of evidence.stock) {
    collector.examine();
    if (Math.min(row.available, row.reserved, row.deducted) < 0) collector.violate(shown(row), null);
    const brought = movedIn(books.get(stockKey(row)));
    if (row.deducted > brought) collector.violate(`${shown(row)}: more is sold than the ${brought} that were brought`, null);
  }
  for (const { sku, warehouse, availableAfter, reservedAfter, deductedAfter, atMs } of evidence.movements) {
    if (availableAfter === null || reservedAfter === null || deductedAfter === null) continue;
    collector.examine();
    if (Math.min(availableAfter, reservedAfter, deductedAfter) < 0) {
      const after = { sku, warehouse, available: availableAfter, reserved: reservedAfter, deducted: deductedAfter };
      collector.violate(`${shown(after)}, after a movement`, atMs);
    }
  }
  examineSamples(evidence, 'I2', collector);
  return collector.finding(`${evidence.stock.length} counters at the end, after every movement, and in every look`);
}

function movedIn(books: Books | undefined): number {
  return books === undefined ? 0 : totalAt(books, Number.POSITIVE_INFINITY);
}

/** I3: what is reserved and sold is what the transactions say. */
export function checkCountersAreSums(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I3', 'The counters are the sums over the reservations');
  const sums = new Map<string, { held: number; sold: number }>();
  let reservations = 0;
  for (const { items } of evidence.transactions.values()) {
    for (const item of items) {
      reservations += 1;
      const sum = sums.get(stockKey(item)) ?? { held: 0, sold: 0 };
      sums.set(stockKey(item), sum);
      sum.held += item.state === 'RESERVED' ? item.quantity : 0;
      sum.sold += item.deducted - item.refunded;
    }
  }
  for (const row of evidence.stock) {
    collector.examine();
    const { held, sold } = sums.get(stockKey(row)) ?? { held: 0, sold: 0 };
    sums.delete(stockKey(row));
    if (row.reserved !== held || row.deducted !== sold)
      collector.violate(`${shown(row)}, but the reservations hold ${held} and sold ${sold}`, null);
  }
  for (const [key, { held, sold }] of sums) {
    if (held !== 0 || sold !== 0) collector.violate(`${key}: ${held} held and ${sold} sold of what has no counter`, null);
  }
  examineSamples(evidence, 'I3', collector);
  return collector.finding(`${reservations.toLocaleString('en')} reservations at the end, and every look`);
}
