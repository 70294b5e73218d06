// Owns the JSON of what is answered with. Written as text directly: names and ids need no escaping (their alphabets have no
// character that JSON escapes), and metadata is JSON text already.
import type { Verdict } from '../coordinator/command.ts';
import type {
  Branch,
  HistoryEvent,
  Movement,
  Participant,
  StockRow,
  Transaction,
  TransactionBrief,
} from '../coordinator/model.ts';
import type { StockHistoryEntry } from '../coordinator/queries.ts';

let lastMs = Number.NaN;
let lastMoment = '';

/** A moment as ISO 8601 with milliseconds and Z. Remembers the last one: neighbours in time are neighbours in the queue. */
export function moment(ms: number): string {
  if (ms !== lastMs) {
    lastMoment = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastMoment;
}

export function renderBrief(transaction: TransactionBrief): string {
  return `{"id":"${transaction.id}","state":"${transaction.state}"}`;
}

/** @param history given for GET by id alone */
export function renderTransaction(transaction: Transaction, history?: readonly HistoryEvent[]): string {
  const { id, state, reason, note, reference } = transaction;
  let text = `{"id":"${id}","state":"${state}","reason":${nameOrNull(reason)},"note":${textOrNull(note)},"needsAttention":${transaction.needsAttention},"items":[`;
  let separator = '';
  for (const item of transaction.items) {
    text += `${separator}{"sku":"${item.sku}","warehouse":"${item.warehouse}","quantity":${item.quantity},"state":"${item.state}","deducted":${item.deducted},"refunded":${item.refunded}}`;
    separator = ',';
  }
  text += `],"branches":[${transaction.branches.length === 0 ? '' : transaction.branches.map(renderBranch).join(',')}],"reference":${textOrNull(reference)},"metadata":${transaction.metadata ?? 'null'}`;
  text += `,"createdAt":"${moment(transaction.createdAt)}","expiresAt":"${new Date(transaction.expiresAt).toISOString()}","updatedAt":"${moment(transaction.updatedAt)}"`;
  return history === undefined ? `${text}}` : `${text},"history":${renderHistory(history)}}`;
}

export function renderHistory(history: readonly HistoryEvent[]): string {
  return `[${history.map(renderEvent).join(',')}]`;
}

/** One transaction as a command answers with it. */
export function renderOutcome(transaction: Transaction | TransactionBrief, minimal: boolean): string {
  return minimal || !('items' in transaction) ? renderBrief(transaction) : renderTransaction(transaction);
}

export function renderMovement(movement: Movement): string {
  const { id, sku, warehouse, kind, quantity, reason } = movement;
  return `{"id":"${id}","sku":"${sku}","warehouse":"${warehouse}","kind":"${kind}","quantity":${quantity},"reason":${textOrNull(reason)},"at":"${moment(movement.at)}","stock":${renderStockRow(movement.stock)}}`;
}

/** Every warehouse of one SKU, with the sums over them. */
export function renderStock(sku: string, rows: readonly StockRow[]): string {
  let available = 0;
  let reserved = 0;
  let deducted = 0;
  for (const row of rows) {
    available += row.available;
    reserved += row.reserved;
    deducted += row.deducted;
  }
  return `{"sku":"${sku}","available":${available},"reserved":${reserved},"deducted":${deducted},"warehouses":[${rows.map(renderStockRow).join(',')}]}`;
}

export function renderStockHistoryEntry(entry: StockHistoryEntry): string {
  const { settledAt } = entry;
  // JSON.stringify leaves out what is undefined: a movement has no settledAt.
  return JSON.stringify({
    ...entry,
    at: moment(entry.at),
    settledAt: typeof settledAt === 'number' ? moment(settledAt) : settledAt,
  });
}

/** One page of a list. @param items each serialised */
export function renderPage(items: readonly string[], nextCursor: string | null): string {
  return `{"items":[${items.join(',')}],"nextCursor":${nameOrNull(nextCursor)}}`;
}

/** @param secret where it was made just now, and is shown this once */
export function renderParticipant(participant: Participant, secret?: string): string {
  const { name, url, timeoutMs, maxConcurrency, retry, ...times } = participant;
  const shown = secret === undefined ? '' : `"secret":"${secret}",`;
  const { initialMs, maxMs, attentionAfter } = retry;
  return `{"name":"${name}","url":${JSON.stringify(url)},"timeoutMs":${timeoutMs},"maxConcurrency":${maxConcurrency},"retry":{"initialMs":${initialMs},"maxMs":${maxMs},"attentionAfter":${attentionAfter}},${shown}"createdAt":"${moment(times.createdAt)}","updatedAt":"${moment(times.updatedAt)}"}`;
}

/** What a caller may want of a transaction. */
export type Move = 'try' | 'confirm' | 'cancel' | 'extend' | 'refund' | 'retry' | 'resolve';

/** The status of a success: 202 while a decision is not carried out yet, 201 for what is new (contract, sections 3 and 4). */
export function statusOf(kind: Move, verdict: Verdict & { readonly ok: true }): number {
  if (!('transaction' in verdict)) return 200;
  const { state } = verdict.transaction;
  if (kind === 'try') return state === 'TRYING' ? 202 : verdict.replayed ? 200 : 201;
  if (kind === 'confirm') return state === 'CONFIRMING' ? 202 : 200;
  if (kind === 'cancel') return state === 'CANCELLING' ? 202 : 200;
  return 200;
}

/** `attempts` are those of `phase`: what is being asked for, or null where nothing is. */
function renderBranch({ id, participant, state, work, attempts, lastError, needsAttention }: Branch): string {
  const phase = work.kind === 'none' ? null : work.phase;
  const nextAttemptAt = work.kind === 'waiting' ? moment(work.at) : null;
  return `{"id":"${id}","participant":"${participant}","state":"${state}","phase":${nameOrNull(phase)},"attempts":${attempts},"nextAttemptAt":${nameOrNull(nextAttemptAt)},"lastError":${textOrNull(lastError)},"needsAttention":${needsAttention}}`;
}

function renderEvent(event: HistoryEvent): string {
  const { at, event: name, from, to, detail } = event;
  return JSON.stringify(
    detail === null ? { at: moment(at), event: name, from, to } : { at: moment(at), event: name, from, to, detail },
  );
}

function renderStockRow(row: StockRow): string {
  return `{"warehouse":"${row.warehouse}","available":${row.available},"reserved":${row.reserved},"deducted":${row.deducted},"version":${row.version}}`;
}

function nameOrNull(name: string | null): string {
  return name === null ? 'null' : `"${name}"`;
}

function textOrNull(text: string | null): string {
  return text === null ? 'null' : JSON.stringify(text);
}
