// Owns the check of refunds, which have ids of their own: each is applied once or refused for good, and comes to what its items say.
import type { OperationRecord } from '../record.ts';
import { basketKey } from './content.ts';
import type { Conversation } from './conversations.ts';
import { describe, isBetween } from './explained.ts';
import { CLOCK_SLACK_MS } from './moments.ts';
import { mergedQuantities, stockKey } from './told.ts';
import type { Stage } from './transaction-life.ts';

type Violate = (text: string, atMs: number | null) => void;

/** Whether a stage is what a request for a refund asks for: these items, or all that was left. */
export function isRefundOf({ refund, items }: Stage, { kind, asked }: OperationRecord): boolean {
  if (kind !== 'refund' || refund === null || refund.id !== (asked.id ?? null)) return false;
  if (asked.items === undefined) return items.every((item) => item.refunded === item.deducted);
  const quantities = mergedQuantities(asked.items);
  return (
    quantities.size === refund.quantities.size && [...quantities].every(([key, each]) => refund.quantities.get(key) === each)
  );
}

export function examineRefunds(conversation: Conversation, violate: Violate): void {
  const { id, operations, row, life } = conversation;
  const asked = operations.filter(({ kind }) => kind === 'refund');
  if (row === undefined || (asked.length === 0 && row.refunds.length === 0)) return;
  const firsts = new Map<string, OperationRecord>();
  for (const operation of asked) examineAnswer(conversation, operation, firsts, violate);
  for (const refund of row.refunds) {
    const isWish = (operation: OperationRecord): boolean =>
      operation.asked.id === refund.id && operation.sentMs <= refund.atMs + CLOCK_SLACK_MS;
    if (!asked.some(isWish)) violate(`${id}: refund ${refund.id} is kept, which nobody had asked for`, refund.atMs);
    const times = life.filter((stage) => stage.refund?.id === refund.id).length;
    if (times > (refund.isRefused ? 0 : 1))
      violate(`${id}: refund ${refund.id} ${refund.isRefused ? 'was refused and' : 'was'} applied ${times} times`, refund.atMs);
  }
  const last = new Map(life.at(-1)?.items.map((item) => [stockKey(item), item.refunded]));
  for (const item of row.items) {
    const sum = last.get(stockKey(item)) ?? 0;
    if (sum !== item.refunded)
      violate(`${id}: ${item.refunded} of ${item.sku} came back, and its refunds add up to ${sum}`, row.updatedMs);
  }
}

/** What a refund with an id is told must be what is kept under that id. */
function examineAnswer(
  { row, life, operations }: Conversation,
  operation: OperationRecord,
  firsts: Map<string, OperationRecord>,
  violate: Violate,
): void {
  const { outcome, asked, endedMs } = operation;
  if (outcome.kind !== 'answer' || asked.id === undefined) return;
  const isApplied = outcome.status === 200;
  const isRefused = outcome.status === 409 && outcome.code === 'quantity-exceeded';
  const isOther = outcome.status === 422;
  if (!isApplied && !isRefused && !isOther) return;
  const kept = row?.refunds.find(({ id }) => id === asked.id);
  const stage = life.find(({ refund }) => refund !== null && refund.id === asked.id);
  if (kept === undefined || kept.atMs > endedMs + CLOCK_SLACK_MS) {
    violate(`${describe(operation)}, and no such refund was kept by then`, endedMs);
    return;
  }
  if (isOther) {
    if (isAskedElsewhere(operation, operations)) violate(`${describe(operation)}, and it is the very same`, endedMs);
    return;
  }
  if (kept.isRefused !== isRefused) violate(`${describe(operation)}, and the opposite is kept`, endedMs);
  if (stage !== undefined && !isRefundOf(stage, operation))
    violate(`${describe(operation)}, and other items came back under that id`, endedMs);
  if (outcome.replayed) return;
  const first = firsts.get(asked.id);
  firsts.set(asked.id, operation);
  if (first !== undefined) violate(`${describe(operation)} as the first, as was operation ${first.number}`, endedMs);
  if (!isBetween(kept.atMs, operation)) violate(`${describe(operation)} as the first, but it was another that was`, endedMs);
}

/** Whether the same was asked for under the same id, and done. All that is left is not the same as its items by name. */
function isAskedElsewhere({ asked }: OperationRecord, operations: readonly OperationRecord[]): boolean {
  return operations.some(
    ({ kind, outcome, asked: other }) =>
      kind === 'refund' &&
      other.id === asked.id &&
      contentOf(other) === contentOf(asked) &&
      outcome.kind === 'answer' &&
      outcome.status === 200,
  );
}

function contentOf({ items }: OperationRecord['asked']): string {
  return items === undefined ? 'all' : basketKey(items);
}
