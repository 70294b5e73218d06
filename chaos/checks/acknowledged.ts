// Owns the question whether what a caller was told is in the ledger when all is over (I6), however many processes died meanwhile.
// It asks nothing about time: what is wrong here was lost, or undone.
import type { MovementRow, TransactionRow } from '../evidence/evidence.ts';
import type { OperationRecord } from '../record.ts';
import { isBasketOf } from './content.ts';
import { isBetween } from './explained.ts';
import { type Answer, isSoldAsAsked } from './legal-answers.ts';
import { type BooksByKey, contradictionIn, type ToldStock } from './stock-books.ts';
import { membersOf, stockKey, type ToldTransaction } from './told.ts';

/** Refusals that are for ever; each by the reason that the row keeps. */
const KEPT_REASONS: Readonly<Record<string, readonly string[]>> = {
  'insufficient-stock': ['insufficient-stock'],
  'participant-refused': ['participant-refused'],
  'transaction-cancelled': ['requested', 'cancelled-before-try'],
  'reservation-expired': ['expired'],
};

/**
 * Whether the answer is one that must outlive everything: a success, or a refusal that is kept.
 * @param id of the transaction
 */
export function isForEver({ kind, transactionId }: OperationRecord, { status, code }: Answer): boolean {
  if (status < 300) return true;
  const isKept = kind === 'try' || code === 'reservation-expired';
  return isKept && transactionId !== null && code !== null && code in KEPT_REASONS;
}

/** What is lost of an answer about a transaction; null where nothing is. */
export function lostOf(
  operation: OperationRecord,
  answer: Answer,
  told: ToldTransaction | null,
  row: TransactionRow | undefined,
): string | null {
  if (row === undefined) return 'there is no such transaction';
  if (answer.status >= 300) return lostRefusal(answer, row);
  if (told === null) return 'it is no transaction';
  if (!canCome(told.state, row)) return `it ended as ${row.state} (${row.reason})`;
  const { kind, asked } = operation;
  if (kind === 'try' && !isBasketOf(asked.items ?? [], row.items)) return 'it holds other items';
  if (kind.startsWith('confirm') && !isSoldAsAsked(row, operation)) return 'it sold other items';
  if (kind === 'extend' && !isExtendedTo(told, row)) return 'it was not extended';
  if (kind === 'refund') return lostRefund(operation, told, row);
  return null;
}

/** Rule 5: what was past its deadline once can only expire. */
function lostRefusal({ code }: Answer, row: TransactionRow): string | null {
  const isStillOpen = code === 'reservation-expired' && row.decidedMs === null;
  const isKept = KEPT_REASONS[code ?? '']?.includes(row.reason ?? '') || isStillOpen;
  return isKept ? null : `it is ${row.state} (${row.reason})`;
}

/** Whether what was told can come to the state of the row. */
function canCome(state: string, { state: end, reason, hasContent }: TransactionRow): boolean {
  switch (state) {
    case 'TRYING':
    case 'TRIED':
      return hasContent && reason !== 'insufficient-stock' && (state === 'TRYING' || end !== 'TRYING');
    case 'CONFIRMING':
      return end === 'CONFIRMING' || end === 'CONFIRMED';
    case 'CANCELLING':
      return end === 'CANCELLING' || end === 'CANCELLED';
    default:
      return end === state;
  }
}

function isExtendedTo({ whole }: ToldTransaction, { events }: TransactionRow): boolean {
  if (whole === null) return true;
  return events.some(
    ({ event, detail }) => event === 'EXTEND' && Date.parse(String(membersOf(detail).expiresAt)) === whole.expiresMs,
  );
}

function lostRefund({ asked }: OperationRecord, { whole }: ToldTransaction, row: TransactionRow): string | null {
  if (asked.id !== undefined && !row.refunds.some(({ id, isRefused }) => id === asked.id && !isRefused))
    return 'its refund is not kept';
  const refunded = new Map(row.items.map((item) => [stockKey(item), item.refunded]));
  const isLess = whole?.items.some((item) => (refunded.get(stockKey(item)) ?? 0) < item.refunded) ?? false;
  return isLess ? 'less came back' : null;
}

/** What is lost of a movement that was told as applied. */
export function lostMovement(operation: OperationRecord, answer: Answer, row: MovementRow | undefined): string | null {
  if (row === undefined) return 'there is no such movement';
  if (row.delta !== operation.asked.delta) return `it moved ${row.delta}`;
  const body = membersOf(answer.body);
  const told = membersOf(body.stock);
  const isKept =
    told.available === row.availableAfter &&
    told.reserved === row.reservedAfter &&
    told.deducted === row.deductedAfter &&
    told.version === row.versionAfter &&
    Math.abs(Date.parse(String(body.at)) - row.atMs) < 1;
  return isKept ? null : `the ledger says it left ${row.availableAfter} available at version ${row.versionAfter}`;
}

/** What is lost of a count that was told as done: a movement that made it so, or counters that were so already. */
export function lostCount(operation: OperationRecord, answer: Answer, books: BooksByKey): string | null {
  const { sku = '', warehouse = '', available } = operation.asked;
  const told = stocksIn(answer.body).find((row) => row.sku === sku && row.warehouse === warehouse);
  if (told === undefined) return 'it is not about that stock';
  const known = books.get(stockKey({ sku, warehouse }));
  const contradiction = contradictionIn(known, told);
  if (contradiction !== null || told.available === available) return contradiction;
  // Its own first attempt was stored, and what is told is how things stood when that was found out.
  const isMade = known?.movements.some((row) => row.availableAfter === available && isBetween(row.atMs, operation));
  return isMade === true ? null : `${told.available} are available`;
}

/** The counters that an answer about stock tells, for each warehouse. */
export function stocksIn(body: unknown): readonly ToldStock[] {
  const { sku, warehouses } = membersOf(body);
  if (typeof sku !== 'string' || !Array.isArray(warehouses)) return [];
  return warehouses.map((row: Omit<ToldStock, 'sku'>) => ({ ...row, sku }));
}
