// Owns how tests of the core make commands and ids: short to write, with the content hash that HTTP would give them.
import { mergeItems } from '../../src/coordinator/basket.ts';
import type {
  CancelCommand,
  ConfirmCommand,
  CountStockCommand,
  ExpireCommand,
  ExtendCommand,
  MoveStockCommand,
  RefundCommand,
  ReplyForm,
  TryCommand,
} from '../../src/coordinator/command.ts';
import { hashOfMovement, hashOfRefund, hashOfTry } from '../../src/coordinator/content.ts';
import type { BasketItem, MovementId, MovementKind, RefundId, TransactionId } from '../../src/coordinator/model.ts';

/** One line of a basket as tests write it: SKU, quantity, and the warehouse where it is not the default one. */
export type Line = readonly [sku: string, quantity: number, warehouse?: string];

/** @returns the nth id; the same number is the same id in each of the spaces */
export function transactionId(number: number): TransactionId {
  return uuid(number) as TransactionId;
}

export function movementId(number: number): MovementId {
  return uuid(number) as MovementId;
}

export function refundId(number: number): RefundId {
  return uuid(number) as RefundId;
}

function uuid(number: number): string {
  return `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`;
}

/** @returns a basket, merged and sorted as HTTP hands it on */
export function basket(lines: readonly Line[]): readonly BasketItem[] {
  const merged = mergeItems(lines.map(([sku, quantity, warehouse = 'default']) => ({ sku, warehouse, quantity })));
  if (!merged.ok) throw new Error('a test asks for too much of one item');
  return merged.items;
}

export function tryOf(id: TransactionId, lines: readonly Line[], changed: Partial<TryCommand> = {}): TryCommand {
  const items = basket(lines);
  const content = { items, timeoutMs: 1000, reference: null, metadata: null, ...changed };
  const metadata = content.metadata === null ? null : JSON.parse(content.metadata);
  return { kind: 'try', id, idGiven: true, reply: 'whole', ...content, contentHash: hashOfTry({ ...content, metadata }) };
}

export function confirmOf(id: TransactionId, lines: readonly Line[] | null = null, reply: ReplyForm = 'whole'): ConfirmCommand {
  return { kind: 'confirm', id, items: lines === null ? null : basket(lines), reply };
}

/** A confirm of everything, as the optimistic path takes it. */
export function confirmWhole(id: TransactionId, reply: ReplyForm = 'whole'): ConfirmCommand & { readonly items: null } {
  return { kind: 'confirm', id, items: null, reply };
}

export function cancelOf(id: TransactionId, note: string | null = null, reply: ReplyForm = 'whole'): CancelCommand {
  return { kind: 'cancel', id, note, reply };
}

export function expireOf(id: TransactionId): ExpireCommand {
  return { kind: 'expire', id };
}

export function extendOf(id: TransactionId, timeoutMs: number): ExtendCommand {
  return { kind: 'extend', id, timeoutMs };
}

export function refundOf(
  id: TransactionId,
  refund: RefundId | null,
  lines: readonly Line[] | null = null,
  reason: string | null = null,
): RefundCommand {
  const items = lines === null ? null : basket(lines);
  return { kind: 'refund', id, refundId: refund, items, reason, contentHash: hashOfRefund({ items, reason }) };
}

export function moveOf(
  id: MovementId,
  movementKind: MovementKind,
  [sku, quantity, warehouse = 'default']: Line,
  changed: Partial<Pick<MoveStockCommand, 'reason' | 'idGiven'>> = {},
): MoveStockCommand {
  const content = { sku, warehouse, movementKind, quantity, reason: changed.reason ?? null };
  return { kind: 'move-stock', id, idGiven: changed.idGiven ?? true, ...content, contentHash: hashOfMovement(content) };
}

export function countOf(
  id: MovementId,
  sku: string,
  counted: CountStockCommand['counted'],
  changed: Partial<Pick<CountStockCommand, 'warehouse' | 'reason' | 'ifMatch'>> = {},
): CountStockCommand {
  return { kind: 'count-stock', id, sku, warehouse: 'default', counted, reason: null, ifMatch: null, ...changed };
}
