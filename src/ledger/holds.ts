// Owns the look at how much one caller holds reserved.
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const HELD_BY = statement('queries/held_by.sql');

/**
 * @param holder the lineage of its key or token
 * @returns units by SKU
 * @throws DatabaseUnavailable
 */
export async function heldBy(pool: Pool, holder: string): Promise<ReadonlyMap<string, number>> {
  const rows = await pool.read('held_by', HELD_BY, [holder]);
  return new Map(rows.map(([sku, quantity]) => [sku ?? '', Number(quantity)]));
}
