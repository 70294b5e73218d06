// Owns the step from a validated body to a command: defaults filled in, items merged, content hashed (rule 2). No I/O.
import { mergeItems } from '../coordinator/basket.ts';
import type {
  BranchRequest,
  CancelCommand,
  ConfirmCommand,
  CountStockCommand,
  ExtendCommand,
  MoveStockCommand,
  RefundCommand,
  ReplyForm,
  TryCommand,
} from '../coordinator/command.ts';
import { hashOfMovement, hashOfRefund, hashOfTry, idFromKey } from '../coordinator/content.ts';
import { newId } from '../coordinator/identifiers.ts';
import type { BasketItem, BranchId, MovementId, RefundId, TransactionId } from '../coordinator/model.ts';
import { accepted, invalidAt, type Result } from './result.ts';
import { DEFAULT_TIMEOUT_MS } from './schema-terms.ts';
import {
  CancelBody,
  ConfirmBody,
  CountBody,
  DEFAULT_WAREHOUSE,
  ExtendBody,
  MovementBody,
  RefundBody,
  TryBody,
} from './schemas.ts';
import { validate } from './validate.ts';

const NO_BRANCHES: readonly BranchRequest[] = [];

interface BranchLine {
  readonly participant: string;
  readonly payload?: unknown;
}

interface ItemLine {
  readonly sku: string;
  readonly warehouse?: string | undefined;
  readonly quantity: number;
}

/**
 * @param body as parsed, not yet validated
 * @param key the Idempotency-Key; an id in the body wins
 */
export function tryCommand(body: unknown, key: string | null, reply: ReplyForm, traceparent: string | null): Result<TryCommand> {
  const parsed = validate(TryBody, body);
  if (!parsed.ok) return parsed;
  const { id, items = [], branches = [], timeoutMs = DEFAULT_TIMEOUT_MS, reference = null, metadata = null } = parsed.value;
  if (items.length === 0 && branches.length === 0) return invalidAt('items', 'at least one item or branch is needed');
  const basket = basketOf(items);
  if (!basket.ok) return basket;
  const given = givenId(id, key);
  return accepted({
    kind: 'try',
    id: (given ?? newId()) as TransactionId,
    idGiven: given !== null,
    contentHash: hashOfTry({ items: basket.value, timeoutMs, reference, metadata, branches }),
    items: basket.value,
    branches: branches.length === 0 ? NO_BRANCHES : branches.map(branchRequestOf),
    timeoutMs,
    reference,
    metadata: metadata === null ? null : JSON.stringify(metadata),
    reply,
    traceparent,
  });
}

function branchRequestOf({ participant, payload = null }: BranchLine): BranchRequest {
  return { id: newId() as BranchId, participant, payload: payload === null ? null : JSON.stringify(payload) };
}

/** @param body undefined where there was none: everything is confirmed */
export function confirmCommand(
  id: TransactionId,
  body: unknown,
  reply: ReplyForm,
  traceparent: string | null,
): Result<ConfirmCommand> {
  const parsed = validate(ConfirmBody, body ?? {});
  if (!parsed.ok) return parsed;
  const items = optionalBasketOf(parsed.value.items);
  return items.ok ? accepted({ kind: 'confirm', id, items: items.value, reply, traceparent }) : items;
}

/** @param body undefined where there was none */
export function cancelCommand(
  id: TransactionId,
  body: unknown,
  reply: ReplyForm,
  traceparent: string | null,
): Result<CancelCommand> {
  const parsed = validate(CancelBody, body ?? {});
  return parsed.ok ? accepted({ kind: 'cancel', id, note: parsed.value.reason ?? null, reply, traceparent }) : parsed;
}

export function extendCommand(id: TransactionId, body: unknown): Result<ExtendCommand> {
  const parsed = validate(ExtendBody, body);
  return parsed.ok ? accepted({ kind: 'extend', id, timeoutMs: parsed.value.timeoutMs }) : parsed;
}

/** @param body undefined where there was none: all that is left is refunded */
export function refundCommand(id: TransactionId, body: unknown, key: string | null): Result<RefundCommand> {
  const parsed = validate(RefundBody, body ?? {});
  if (!parsed.ok) return parsed;
  const { id: bodyId, reason = null } = parsed.value;
  const items = optionalBasketOf(parsed.value.items);
  if (!items.ok) return items;
  const given = givenId(bodyId, key);
  if (items.value !== null && given === null) {
    return invalidAt('id', 'a refund that names items needs an id or an Idempotency-Key, or a repeat would refund them twice');
  }
  const contentHash = hashOfRefund({ items: items.value, reason });
  return accepted({ kind: 'refund', id, refundId: given as RefundId | null, items: items.value, reason, contentHash });
}

export function moveStockCommand(body: unknown, key: string | null): Result<MoveStockCommand> {
  const parsed = validate(MovementBody, body);
  if (!parsed.ok) return parsed;
  const { id, sku, warehouse = DEFAULT_WAREHOUSE, kind: movementKind, quantity, reason = null } = parsed.value;
  const given = givenId(id, key);
  return accepted({
    kind: 'move-stock',
    id: (given ?? newId()) as MovementId,
    idGiven: given !== null,
    contentHash: hashOfMovement({ sku, warehouse, movementKind, quantity, reason }),
    sku,
    warehouse,
    movementKind,
    quantity,
    reason,
  });
}

export function countStockCommand(sku: string, body: unknown, ifMatch: CountStockCommand['ifMatch']): Result<CountStockCommand> {
  const parsed = validate(CountBody, body);
  return parsed.ok ? accepted(countOf(sku, parsed.value, ifMatch)) : parsed;
}

/** Makes the command of a validated count: from PUT, or from one line of an import. */
export function countOf(
  sku: string,
  count: {
    readonly available?: number | undefined;
    readonly onHand?: number | undefined;
    readonly warehouse?: string | undefined;
    readonly reason?: string | null | undefined;
  },
  ifMatch: CountStockCommand['ifMatch'],
): CountStockCommand {
  // Adding 0 turns the −0 that JSON can spell into 0.
  const counted = count.available === undefined ? { onHand: (count.onHand ?? 0) + 0 } : { available: count.available + 0 };
  const { warehouse = DEFAULT_WAREHOUSE, reason = null } = count;
  return { kind: 'count-stock', id: newId() as MovementId, sku, warehouse, counted, reason, ifMatch };
}

function givenId(bodyId: string | undefined, key: string | null): string | null {
  if (bodyId !== undefined) return bodyId.toLowerCase();
  return key === null ? null : idFromKey(key);
}

function optionalBasketOf(lines: readonly ItemLine[] | undefined): Result<readonly BasketItem[] | null> {
  return lines === undefined ? accepted(null) : basketOf(lines);
}

function basketOf(lines: readonly ItemLine[]): Result<readonly BasketItem[]> {
  const merged = mergeItems(lines.map(({ sku, warehouse = DEFAULT_WAREHOUSE, quantity }) => ({ sku, warehouse, quantity })));
  if (merged.ok) return accepted(merged.items);
  const { sku, warehouse } = merged.tooMany;
  return invalidAt('items', `the quantities of ${sku} in ${warehouse} add up to more than 1000000000`);
}
