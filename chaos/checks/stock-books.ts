// Owns the books of a SKU in a warehouse: its movements in the order of their versions. Only they change what there is in all (I1), so
// they say what available, reserved and deducted add up to at every version, whoever is told of it, and without asking for the time.
import type { Evidence, MovementRow } from '../evidence/evidence.ts';
import { stockKey } from './told.ts';

export interface Books {
  /** Applied movements by their version, ascending. */
  readonly movements: readonly MovementRow[];
  /** What there is in all from each of them on. */
  readonly totals: readonly number[];
  /** Of the final row; null where there is none. */
  readonly finalVersion: number | null;
}

export type BooksByKey = ReadonlyMap<string, Books>;

export function booksOf({ movements, stock }: Pick<Evidence, 'movements' | 'stock'>): BooksByKey {
  const applied = Map.groupBy(
    movements.filter(({ versionAfter }) => versionAfter !== null),
    stockKey,
  );
  const finals = new Map(stock.map((row) => [stockKey(row), row.version]));
  const books = new Map<string, Books>();
  for (const key of new Set([...applied.keys(), ...finals.keys()])) {
    const sorted = (applied.get(key) ?? []).toSorted((a, b) => (a.versionAfter ?? 0) - (b.versionAfter ?? 0));
    let total = 0;
    const totals = sorted.map(({ delta }) => {
      total += delta;
      return total;
    });
    books.set(key, { movements: sorted, totals, finalVersion: finals.get(key) ?? null });
  }
  return books;
}

/** What there is in all at a version; a SKU begins with nothing, at version 1. */
export function totalAt({ movements, totals }: Books, version: number): number {
  let [low, high] = [0, movements.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((movements[middle]?.versionAfter ?? 0) <= version) low = middle + 1;
    else high = middle;
  }
  return totals[low - 1] ?? 0;
}

/** Counters of one SKU in one warehouse, as they were told. */
export interface ToldStock {
  readonly sku: string;
  readonly warehouse: string;
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
  readonly version: number;
}

/** What is wrong with counters that were told at a version; null where nothing is. */
export function contradictionIn(books: Books | undefined, told: ToldStock): string | null {
  const sum = told.available + told.reserved + told.deducted;
  if (books === undefined || books.finalVersion === null) return 'the ledger knows no such stock';
  if (told.version > books.finalVersion) return `the last version is ${books.finalVersion}`;
  const total = totalAt(books, told.version);
  return sum === total ? null : `${sum} in all at version ${told.version}, where its movements add up to ${total}`;
}
