// Owns the bodies that the no-op server and the plain baseline answer with: the shape and size of the real ones.
import type { Request } from 'express';

export interface AskedItem {
  readonly sku: string;
  readonly warehouse?: string;
  readonly quantity: number;
}

export interface TryBody {
  readonly items: readonly AskedItem[];
}

export interface BatchBody {
  readonly operations: readonly { readonly op: string; readonly id?: string; readonly items?: readonly AskedItem[] }[];
}

const TIMEOUT_MS = 900_000;

/**
 * A whole transaction as a caller sees it.
 * @param items what it reserves or sold
 */
export function transactionBody(id: string, confirmed: boolean, items: readonly AskedItem[], createdAt: number) {
  const updatedAt = new Date().toISOString();
  return {
    id,
    state: confirmed ? 'CONFIRMED' : 'TRIED',
    reason: null,
    note: null,
    needsAttention: false,
    items: items.map(({ sku, warehouse = 'default', quantity }) => ({
      sku,
      warehouse,
      quantity,
      state: confirmed ? 'DEDUCTED' : 'RESERVED',
      deducted: confirmed ? quantity : 0,
      refunded: 0,
    })),
    branches: [],
    reference: null,
    metadata: null,
    createdAt: new Date(createdAt).toISOString(),
    expiresAt: new Date(createdAt + TIMEOUT_MS).toISOString(),
    updatedAt,
  };
}

/** The problem that a Try on a sold-out SKU is refused with. */
export function shortageBody(items: readonly AskedItem[], traceId: string) {
  return {
    type: '/problems/insufficient-stock',
    title: 'There is not enough stock',
    status: 409,
    detail: 'Less is available than was asked for; see shortages.',
    code: 'insufficient-stock',
    retryable: false,
    traceId,
    shortages: items.map(({ sku, warehouse = 'default', quantity }) => ({ sku, warehouse, requested: quantity, available: 0 })),
  };
}

/** @returns whether the caller asked for `{id, state}` alone */
export function wantsMinimal(request: Request): boolean {
  return request.get('prefer') === 'return=minimal';
}
