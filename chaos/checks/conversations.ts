// Owns what was said about each transaction: every operation on one id, with the row that the ledger ended with and its life.
import type { Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { OperationRecord } from '../record.ts';
import { isBasketOf, isExtended } from './content.ts';
import { toldTransaction } from './told.ts';
import { lifeOf, type Stage } from './transaction-life.ts';

export interface Conversation {
  readonly id: string;
  /** In the order of their ends. */
  readonly operations: readonly OperationRecord[];
  readonly row: TransactionRow | undefined;
  readonly life: readonly Stage[];
}

export interface Conversations {
  readonly byId: ReadonlyMap<string, readonly OperationRecord[]>;
  /** Tries without an id whose caller was not told which the server had made. */
  readonly anonymous: readonly OperationRecord[];
}

/** Whose ids the server makes. */
const WITHOUT_TRANSACTION: ReadonlySet<OperationRecord['kind']> = new Set(['movement', 'set-stock', 'get-stock']);

export function conversationsOf({ operations }: Pick<Evidence, 'operations'>): Conversations {
  const byId = new Map<string, OperationRecord[]>();
  const anonymous: OperationRecord[] = [];
  for (const operation of operations) {
    if (WITHOUT_TRANSACTION.has(operation.kind)) continue;
    const id = operation.transactionId ?? idToldTo(operation);
    const known = id === null ? anonymous : byId.get(id);
    if (known !== undefined) known.push(operation);
    else if (id !== null) byId.set(id, [operation]);
  }
  return { byId, anonymous };
}

function idToldTo({ outcome }: OperationRecord): string | null {
  return outcome.kind === 'answer' && outcome.status < 300 ? (toldTransaction(outcome.body)?.id ?? null) : null;
}

export function conversationOf(
  id: string,
  operations: readonly OperationRecord[],
  transactions: Evidence['transactions'],
): Conversation {
  const row = transactions.get(id);
  return { id, operations, row, life: lifeOf(row, row === undefined ? null : timeoutOf(row, operations)) };
}

/** The first deadline of what was extended stands in its Try alone; null where several Tries of one basket differ in it. */
function timeoutOf(row: TransactionRow, operations: readonly OperationRecord[]): number | null {
  if (!isExtended(row)) return null;
  const tries = operations.filter(({ kind, asked }) => kind === 'try' && isBasketOf(asked.items ?? [], row.items));
  const timeouts = new Set(tries.map(({ asked }) => asked.timeoutMs ?? null));
  return timeouts.size === 1 ? ([...timeouts][0] ?? null) : null;
}
