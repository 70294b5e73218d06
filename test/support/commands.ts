// Owns how tests of the core make commands and ids: short to write, with the content hash that HTTP would give them.
import { mergeItems } from '../../src/coordinator/basket.ts';
import type {
  BranchReplyCommand,
  BranchRequest,
  CallOutcome,
  CancelCommand,
  ConfirmCommand,
  CountStockCommand,
  ExpireCommand,
  ExtendCommand,
  MoveStockCommand,
  PutParticipantCommand,
  RefundCommand,
  RemoveParticipantCommand,
  ReplyForm,
  ResolveCommand,
  RetryCommand,
  TryCommand,
} from '../../src/coordinator/command.ts';
import { hashOfMovement, hashOfRefund, hashOfTry } from '../../src/coordinator/content.ts';
import type {
  BasketItem,
  BranchId,
  BranchPhase,
  MovementId,
  MovementKind,
  RefundId,
  RetryPolicy,
  TransactionId,
} from '../../src/coordinator/model.ts';

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

/** @returns the id of a transaction's branch by its place in the Try, from 0 */
export function branchId(of: TransactionId, position: number): BranchId {
  return `${of.slice(0, 20)}${String(position + 1).padStart(3, '0')}${of.slice(23)}` as BranchId;
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
  const content = { items, branches: [], timeoutMs: 1000, reference: null, metadata: null, traceparent: null, ...changed };
  const branches = content.branches.map(({ participant, payload }) => ({ participant, payload: parsed(payload) }));
  const contentHash = hashOfTry({ ...content, branches, metadata: parsed(content.metadata) });
  return { kind: 'try', id, idGiven: true, reply: 'whole', ...content, contentHash };
}

function parsed(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

/** @param participants one for each branch, each with the same small payload */
export function branchesOf(id: TransactionId, ...participants: readonly string[]): readonly BranchRequest[] {
  return participants.map((participant, position) => ({ id: branchId(id, position), participant, payload: '{"amount":1}' }));
}

export function confirmOf(id: TransactionId, lines: readonly Line[] | null = null, reply: ReplyForm = 'whole'): ConfirmCommand {
  return { kind: 'confirm', id, items: lines === null ? null : basket(lines), reply, traceparent: null };
}

/** A confirm of everything, as the optimistic path takes it. */
export function confirmWhole(id: TransactionId, reply: ReplyForm = 'whole'): ConfirmCommand & { readonly items: null } {
  return { kind: 'confirm', id, items: null, reply, traceparent: null };
}

export function cancelOf(id: TransactionId, note: string | null = null, reply: ReplyForm = 'whole'): CancelCommand {
  return { kind: 'cancel', id, note, reply, traceparent: null };
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

/** What participants of the tests are registered with. */
export const RETRY: RetryPolicy = { initialMs: 100, maxMs: 1600, attentionAfter: 3 };

const STATUS: Readonly<Record<CallOutcome, number | null>> = {
  done: 200,
  refused: 409,
  'not-yet': 425,
  failed: 500,
  'not-sent': null,
};

/** The reply to the first Try of a branch, where nothing else is said. */
export function replyOf(
  id: TransactionId,
  position: number,
  phase: BranchPhase,
  outcome: CallOutcome,
  changed: Partial<BranchReplyCommand> = {},
): BranchReplyCommand {
  const status = STATUS[outcome];
  const error = outcome === 'done' || status === null ? null : `answered ${status}`;
  const said = { outcome, status, error, durationMs: 7, retry: RETRY, jitter: 0 };
  return { kind: 'branch-reply', id, branchId: branchId(id, position), phase, fence: 1, ...said, ...changed };
}

export function retryOf(id: TransactionId, by = 'ann'): RetryCommand {
  return { kind: 'retry', id, by };
}

export function resolveOf(
  id: TransactionId,
  position: number,
  as: ResolveCommand['as'],
  changed: Partial<Pick<ResolveCommand, 'note' | 'by'>> = {},
): ResolveCommand {
  return { kind: 'resolve', id, branchId: branchId(id, position), as, note: 'seen in their books', by: 'ann', ...changed };
}

export const SPARE_SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

export function putParticipantOf(name: string, changed: Partial<PutParticipantCommand> = {}): PutParticipantCommand {
  const url = `http://${name}.test/tcc`;
  return {
    kind: 'put-participant',
    name,
    url,
    timeoutMs: 3000,
    maxConcurrency: 64,
    retry: RETRY,
    secret: null,
    spareSecret: SPARE_SECRET,
    ...changed,
  };
}

export function removeParticipantOf(name: string): RemoveParticipantCommand {
  return { kind: 'remove-participant', name };
}
