// Owns the one strong entity tag of a SKU (RFC 9110, 8.8.3): what GET and PUT answer with and what If-Match is compared with.
import type { StockRow } from './model.ts';

/**
 * Makes the tag of a SKU out of its warehouses. Versions and the number of warehouses only ever grow, and every change to a
 * counter grows one of them, so two different states of a SKU never share a tag.
 * @param rows every warehouse of one SKU, in any order
 * @returns the tag with its quotes, as it stands in a header: `"2-17"`. `CountStockCommand.ifMatch` holds tags of this very form
 */
export function etagOf(rows: readonly Pick<StockRow, 'version'>[]): string {
  let versions = 0;
  for (const row of rows) versions += row.version;
  return `"${rows.length}-${versions}"`;
}
