// Owns what the body of an answer says of a transaction, as plain values.

/** An item as a transaction shows it. */
export interface ToldItem {
  readonly sku: string;
  readonly warehouse: string;
  readonly quantity: number;
  readonly state: string;
  readonly deducted: number;
  readonly refunded: number;
}

export interface ToldTransaction {
  readonly id: string;
  readonly state: string;
  /** Null where the caller asked for the least: then it is told the id and the state alone. */
  readonly whole: WholeTransaction | null;
}

export interface WholeTransaction {
  readonly reason: string | null;
  /** Sorted by SKU, then warehouse. */
  readonly items: readonly ToldItem[];
  readonly branches: number;
  readonly createdMs: number;
  readonly expiresMs: number;
  readonly updatedMs: number;
}

export function membersOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** @returns null where the body is not that of a transaction */
export function toldTransaction(body: unknown): ToldTransaction | null {
  const { id, state, items, ...rest } = membersOf(body);
  if (typeof id !== 'string' || typeof state !== 'string') return null;
  if (!Array.isArray(items)) return { id, state, whole: null };
  return {
    id,
    state,
    whole: {
      reason: typeof rest.reason === 'string' ? rest.reason : null,
      items: sortedItems(items as ToldItem[]),
      branches: Array.isArray(rest.branches) ? rest.branches.length : 0,
      createdMs: Date.parse(String(rest.createdAt)),
      expiresMs: Date.parse(String(rest.expiresAt)),
      updatedMs: Date.parse(String(rest.updatedAt)),
    },
  };
}

interface Named {
  readonly sku: string;
  readonly warehouse: string;
}

/** The key of one SKU in one warehouse: neither may contain a space. */
export function stockKey({ sku, warehouse }: Named): string {
  return `${sku} ${warehouse}`;
}

/** The items themselves where they are sorted already, which nearly all are. */
export function sortedItems<Item extends Named>(items: readonly Item[]): readonly Item[] {
  const isSorted = items.every((item, place) => place === 0 || stockKey(items[place - 1] ?? item) <= stockKey(item));
  return isSorted ? items : items.toSorted((a, b) => (stockKey(a) < stockKey(b) ? -1 : 1));
}

/** The same SKU and warehouse named twice is one item, the quantities added (contract, section 4). */
export function mergedQuantities(items: readonly (Named & { readonly quantity: number })[]): Map<string, number> {
  const quantities = new Map<string, number>();
  for (const item of items) quantities.set(stockKey(item), (quantities.get(stockKey(item)) ?? 0) + item.quantity);
  return quantities;
}
