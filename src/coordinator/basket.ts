// Owns what a basket looks like once normalised: one line per SKU and warehouse, sorted. Pure.
import type { BasketItem } from './model.ts';

/** The most of one SKU and warehouse that one basket may name, after merging too. */
export const MAX_QUANTITY = 1_000_000_000;

export type MergedBasket =
  | { readonly ok: true; readonly items: readonly BasketItem[] }
  /** The lines whose sum is too large: a caller's mistake, to be told as a validation fault. */
  | { readonly ok: false; readonly tooMany: { readonly sku: string; readonly warehouse: string } };

/**
 * The order of items in a basket, and the order in which stock rows are locked: by code unit, so that it is the same on every
 * machine (and the same as `COLLATE "C"`, since names are ASCII).
 */
export function compareItems(left: BasketItem, right: BasketItem): number {
  if (left.sku !== right.sku) return left.sku < right.sku ? -1 : 1;
  if (left.warehouse !== right.warehouse) return left.warehouse < right.warehouse ? -1 : 1;
  return 0;
}

/**
 * Adds up the lines that name the same SKU and warehouse, and sorts. The input is left as it is.
 * @param lines as the caller sent them, defaults filled in, each quantity within its bounds
 */
export function mergeItems(lines: readonly BasketItem[]): MergedBasket {
  if (lines.length < 2) return { ok: true, items: lines };
  const items: BasketItem[] = [];
  let last: BasketItem | undefined;
  for (const line of lines.toSorted(compareItems)) {
    if (last === undefined || compareItems(last, line) !== 0) {
      items.push(line);
      last = line;
      continue;
    }
    const quantity: number = last.quantity + line.quantity;
    if (quantity > MAX_QUANTITY) return { ok: false, tooMany: { sku: line.sku, warehouse: line.warehouse } };
    last = { sku: line.sku, warehouse: line.warehouse, quantity };
    items[items.length - 1] = last;
  }
  return { ok: true, items };
}
