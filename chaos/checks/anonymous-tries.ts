// Owns the check of Tries without an id of the caller's, and of transactions whose id nobody knows: what the server names itself can
// only be matched by its content and its time (I7).
import type { Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { OperationRecord } from '../record.ts';
import { basketKey, isContentOf } from './content.ts';
import { describe } from './explained.ts';
import { legalAnswerOf } from './legal-answers.ts';
import { couldCause, isUnknown, type Resolved } from './resolve.ts';
import { toldTransaction } from './told.ts';

type Violate = (text: string, atMs: number | null) => void;

/** What such a Try may be told that names no transaction. The rest says a state, and so has an id. */
const NAMELESS: ReadonlySet<number> = new Set([409, 410, 422, 503]);

/**
 * @param tries those whose caller was told no id
 * @param unclaimed transactions that no request named
 */
export function examineAnonymous(
  tries: readonly OperationRecord[],
  unclaimed: readonly TransactionRow[],
  resolved: Resolved,
  violate: Violate,
): void {
  for (const operation of tries) examineLegality(operation, violate);
  const byBasket = Map.groupBy(tries, ({ asked }) => basketKey(asked.items ?? []));
  const left = new Map([...byBasket].map(([key, operations]) => [key, new Set(operations)]));
  for (const row of unclaimed.toSorted((a, b) => a.createdMs - b.createdMs)) examineRow(row, left, resolved, violate);
  for (const operation of tries) if (isUnknown(operation)) resolved.unknown += 1;
}

function examineLegality(operation: OperationRecord, violate: Violate): void {
  const { outcome: answer, endedMs } = operation;
  if (answer.kind !== 'answer') return;
  const question = { operation, answer, told: toldTransaction(answer.body), row: undefined, isSame: null };
  const isLegal = NAMELESS.has(answer.status) && !answer.replayed && answer.code !== 'idempotency-mismatch';
  if (!isLegal || legalAnswerOf(question) === undefined) violate(`${describe(operation)}, which is no legal answer`, endedMs);
}

/**
 * Whoever asked for it, nobody knows its id, so nobody can have decided it. A Try that was refused for lack of stock may leave one
 * such transaction all the same, which expires: where its first commit came through after all, unseen by the second attempt at it.
 */
function examineRow(row: TransactionRow, left: Map<string, Set<OperationRecord>>, resolved: Resolved, violate: Violate): void {
  const asked = left.get(basketKey(row.items));
  const causes = [...(asked ?? [])].filter((each) => isLeftOpen(each, row.createdMs) && isContentOf(each.asked, row) === true);
  // Those who were told something first: the others may have caused what comes later.
  const cause = causes.find(({ outcome }) => outcome.kind === 'answer') ?? causes[0];
  if (cause === undefined) {
    violate(`${row.id}: ${row.state} since ${new Date(row.createdMs).toISOString()}, which nobody had asked for`, row.createdMs);
    return;
  }
  asked?.delete(cause);
  if (isUnknown(cause)) resolved.tookEffect += 1;
  const isUndecided = row.decidedMs === null || row.reason === 'expired' || row.reason === 'participant-refused';
  if (!isUndecided) violate(`${row.id}: ${row.state} (${row.reason}), though nobody knew its id`, row.decidedMs);
}

/** A commit whose answer was lost may come through after the second attempt has been answered. */
function isLeftOpen(operation: OperationRecord, createdMs: number): boolean {
  return couldCause({ ...operation, outcome: { kind: 'unknown', why: '' } }, createdMs);
}

/** The transactions that no request names. */
export function unclaimedRows(
  { transactions }: Pick<Evidence, 'transactions'>,
  claimed: ReadonlyMap<string, unknown>,
): TransactionRow[] {
  return [...transactions.values()].filter(({ id }) => !claimed.has(id));
}
