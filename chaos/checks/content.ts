// Owns the question whether a Try asked for what a row holds (I7: one id, one content), as far as both are written down.
import type { TransactionRow } from '../evidence/evidence.ts';
import type { Asked } from '../record.ts';
import { mergedQuantities } from './told.ts';

/** The deadline counts from the stamp, to the millisecond. */
const ROUNDING_MS = 1;

/**
 * Whether a row is what a Try with this content makes.
 * @returns null where it cannot be told: the row has no content, because its id was cancelled before its Try
 */
export function isContentOf(asked: Asked, row: TransactionRow): boolean | null {
  if (!row.hasContent) return null;
  if (!isBasketOf(asked.items ?? [], row.items)) return false;
  // A basket that was short calls nobody, and keeps no branches.
  if (row.reason !== 'insufficient-stock' && !isSameList(asked.branches ?? [], participantsOf(row))) return false;
  return asked.timeoutMs === undefined || isExtended(row) || isTimeoutOf(asked.timeoutMs, row);
}

/** The same SKUs and quantities, merged; in any order. */
export function isBasketOf(asked: NonNullable<Asked['items']>, items: NonNullable<Asked['items']>): boolean {
  const quantities = mergedQuantities(asked);
  const stored = mergedQuantities(items);
  if (quantities.size !== stored.size) return false;
  for (const [key, quantity] of quantities) if (stored.get(key) !== quantity) return false;
  return true;
}

/** One text for one basket. */
export function basketKey(items: NonNullable<Asked['items']>): string {
  return [...mergedQuantities(items)]
    .map((entry) => entry.join(' '))
    .sort()
    .join(',');
}

export function isExtended(row: TransactionRow): boolean {
  return row.events.some(({ event }) => event === 'EXTEND');
}

function isTimeoutOf(timeoutMs: number, row: TransactionRow): boolean {
  return Math.abs(row.expiresMs - row.createdMs - timeoutMs) < ROUNDING_MS;
}

/** In any order: rows need not be read in that of the Try. */
function participantsOf(row: TransactionRow): readonly string[] {
  return row.branches.map(({ participant }) => participant);
}

function isSameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.toSorted().join() === right.toSorted().join();
}
