// Owns how each operation is written as a request (the contract, sections 3 and 4).
import type { AskedItem } from '../record.ts';
import type { Question } from './client.ts';

export interface Basket {
  readonly items: readonly AskedItem[];
  /** Names of participants, one for each branch. */
  readonly branches: readonly string[];
  readonly timeoutMs: number;
}

export interface Place {
  readonly sku: string;
  readonly warehouse: string;
}

const NO_HEADERS = {};

/** @param by how the caller names the transaction; `nothing` leaves it to the server */
export function tryOf(id: string, basket: Basket, by: 'body' | 'header' | 'nothing', waitSeconds: number | null): Question {
  const { items, branches, timeoutMs } = basket;
  return {
    kind: 'try',
    method: 'POST',
    path: '/v1/transactions',
    headers: { ...(by === 'header' && { 'idempotency-key': id }), ...waiting(waitSeconds) },
    body: {
      ...(by === 'body' && { id }),
      ...(items.length > 0 && { items: items.map(written) }),
      ...(branches.length > 0 && { branches: branches.map((participant) => ({ participant, payload: { amount: 1 } })) }),
      timeoutMs,
    },
    transactionId: by === 'nothing' ? null : id,
    asked: { items, branches, timeoutMs, ...(waitSeconds !== null && { waitSeconds }) },
  };
}

export function confirmOf(id: string, waitSeconds: number | null): Question {
  return {
    ...about('confirm', id, 'confirm', null),
    headers: waiting(waitSeconds),
    asked: waitSeconds === null ? {} : { waitSeconds },
  };
}

export function confirmPartOf(id: string, items: readonly AskedItem[]): Question {
  return { ...about('confirm-part', id, 'confirm', { items: items.map(written) }), asked: { items } };
}

export function cancelOf(id: string, waitSeconds: number | null): Question {
  return {
    ...about('cancel', id, 'cancel', null),
    headers: waiting(waitSeconds),
    asked: waitSeconds === null ? {} : { waitSeconds },
  };
}

export function extendOf(id: string, timeoutMs: number): Question {
  return { ...about('extend', id, 'extend', { timeoutMs }), asked: { timeoutMs } };
}

/** @param items null for all that is left */
export function refundOf(id: string, refundId: string | null, items: readonly AskedItem[] | null): Question {
  const body = { ...(refundId !== null && { id: refundId }), ...(items !== null && { items: items.map(written) }) };
  return {
    ...about('refund', id, 'refund', body),
    asked: { ...(refundId !== null && { id: refundId }), ...(items !== null && { items }) },
  };
}

export function getOf(id: string): Question {
  return { ...about('get', id, '', null), method: 'GET', path: `/v1/transactions/${id}` };
}

export function movementOf(
  id: string,
  { sku, warehouse }: Place,
  kind: 'RECEIVE' | 'WRITE_OFF' | 'ADJUST',
  quantity: number,
): Question {
  return {
    kind: 'movement',
    method: 'POST',
    path: '/v1/stock/movements',
    headers: NO_HEADERS,
    body: { id, sku, warehouse, kind, quantity },
    transactionId: null,
    asked: { id, sku, warehouse, delta: kind === 'WRITE_OFF' ? -quantity : quantity },
  };
}

/** @param etag of what it must still be; null for whatever it is */
export function setStockOf({ sku, warehouse }: Place, available: number, etag: string | null): Question {
  return {
    kind: 'set-stock',
    method: 'PUT',
    path: `/v1/stock/${encodeURIComponent(sku)}`,
    headers: etag === null ? NO_HEADERS : { 'if-match': etag },
    body: { available, warehouse },
    transactionId: null,
    asked: { sku, warehouse, available },
  };
}

export function getStockOf(sku: string): Question {
  return {
    kind: 'get-stock',
    method: 'GET',
    path: `/v1/stock/${encodeURIComponent(sku)}`,
    headers: NO_HEADERS,
    body: null,
    transactionId: null,
    asked: { sku },
  };
}

function about(kind: Question['kind'], id: string, call: string, body: object | null): Question {
  return {
    kind,
    method: 'POST',
    path: `/v1/transactions/${id}/${call}`,
    headers: NO_HEADERS,
    body,
    transactionId: id,
    asked: {},
  };
}

/** The default warehouse is left out, as most callers do. */
function written({ sku, warehouse, quantity }: AskedItem): object {
  return warehouse === 'default' ? { sku, quantity } : { sku, warehouse, quantity };
}

function waiting(waitSeconds: number | null): Readonly<Record<string, string>> {
  return waitSeconds === null ? NO_HEADERS : { prefer: `wait=${waitSeconds}` };
}
