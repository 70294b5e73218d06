// Owns the check of what was told about movements and counts of stock: each under its id, once, and as it was asked for (I7).
import type { Evidence, MovementRow } from '../evidence/evidence.ts';
import type { OperationRecord } from '../record.ts';
import { describe, isBetween } from './explained.ts';
import { isBusy } from './legal-answers.ts';
import { CLOCK_SLACK_MS } from './moments.ts';
import { couldCause, isRefused, isUnknown, type Resolved } from './resolve.ts';
import { membersOf } from './told.ts';

type Violate = (text: string, atMs: number | null) => void;

const LEGAL: Readonly<Record<string, readonly string[]>> = {
  movement: ['201 first', '200 replayed', '409 insufficient-stock', '422 idempotency-mismatch'],
  'set-stock': ['200 first', '412 version-mismatch'],
  'get-stock': ['200 first', '404 unknown-sku'],
};
const BUSY: readonly string[] = ['503 overloaded', '503 database-unavailable'];

/** The id that a movement has, the caller's or the server's; null where nobody outside knows it. */
export function movementIdOf({ asked, outcome }: OperationRecord): string | null {
  if (asked.id !== undefined) return asked.id;
  const id = outcome.kind === 'answer' && outcome.status < 300 ? membersOf(outcome.body).id : null;
  return typeof id === 'string' ? id : null;
}

/** When each movement was first told as applied. */
export function movementsToldMs(operations: readonly OperationRecord[]): ReadonlyMap<string, number> {
  const toldMs = new Map<string, number>();
  for (const operation of operations) {
    const { kind, outcome, endedMs } = operation;
    if (kind !== 'movement' || outcome.kind !== 'answer' || outcome.status >= 300) continue;
    const id = movementIdOf(operation) ?? '';
    toldMs.set(id, Math.min(toldMs.get(id) ?? endedMs, endedMs));
  }
  return toldMs;
}

/**
 * Examines every answer about stock, and every movement that is kept.
 * @returns how many answers there were
 */
export function examineMovements(evidence: Evidence, resolved: Resolved, violate: Violate): number {
  const operations = evidence.operations.filter(({ kind }) => kind in LEGAL);
  for (const operation of operations) examineLegality(operation, violate);
  const rows = new Map(evidence.movements.map((row) => [row.id, row]));
  const moves = operations.filter(({ kind }) => kind === 'movement');
  const firsts = new Map<string, OperationRecord>();
  for (const operation of moves) examineAnswer(operation, rows, firsts, violate);
  examineRows(evidence.movements, operations, resolved, violate);
  return operations.filter(({ outcome }) => outcome.kind === 'answer').length;
}

function examineLegality(operation: OperationRecord, violate: Violate): void {
  const { kind, outcome, endedMs } = operation;
  if (outcome.kind !== 'answer') return;
  const word = outcome.code ?? (outcome.replayed ? 'replayed' : 'first');
  const given = `${outcome.status} ${word}`;
  const isLegal = LEGAL[kind]?.includes(given) || (BUSY.includes(given) && outcome.retryAfter !== null);
  if (!isLegal) violate(`${describe(operation)}, which is no legal answer`, endedMs);
}

/** What a movement was told must be what is kept under its id. */
function examineAnswer(
  operation: OperationRecord,
  rows: ReadonlyMap<string, MovementRow>,
  firsts: Map<string, OperationRecord>,
  violate: Violate,
): void {
  const { outcome, endedMs } = operation;
  const id = movementIdOf(operation);
  // Without an id, a refusal is forgotten.
  if (outcome.kind !== 'answer' || isBusy(outcome) || id === null) return;
  const row = rows.get(id);
  if (row === undefined || row.atMs > endedMs + CLOCK_SLACK_MS) {
    violate(`${describe(operation)}, and no such movement was kept by then`, endedMs);
    return;
  }
  const isSame = isWish(operation, row);
  if (outcome.status === 422) {
    if (isSame && row.delta !== 0) violate(`${describe(operation)}, and it is the very same`, endedMs);
    return;
  }
  if (!isSame) violate(`${describe(operation)}, and ${row.delta} of ${row.sku} in ${row.warehouse} is kept`, endedMs);
  if ((row.delta === 0) !== (outcome.status === 409)) violate(`${describe(operation)}, and the opposite is kept`, endedMs);
  if (outcome.replayed) return;
  const first = firsts.get(id);
  firsts.set(id, operation);
  if (first !== undefined) violate(`${describe(operation)} as the first, as was operation ${first.number}`, endedMs);
  else if (!isBetween(row.atMs, operation)) violate(`${describe(operation)} as the first, but it was another that was`, endedMs);
}

/** A refused movement keeps no quantity of its own. */
function isWish({ kind, asked }: OperationRecord, row: MovementRow): boolean {
  const isThere = asked.sku === row.sku && asked.warehouse === row.warehouse;
  if (kind === 'set-stock') return isThere && row.kind === 'ADJUST' && asked.available === row.availableAfter;
  return kind === 'movement' && isThere && (row.delta === 0 || asked.delta === row.delta);
}

/** Every movement that is kept was asked for, each by a request of its own; and every request without an answer is counted. */
function examineRows(
  rows: readonly MovementRow[],
  operations: readonly OperationRecord[],
  resolved: Resolved,
  violate: Violate,
): void {
  const named = Map.groupBy(operations.filter(isMovement), movementIdOf);
  const nameless = new Map<string, Set<OperationRecord>>();
  for (const operation of operations) {
    if (operation.kind === 'get-stock' || movementIdOf(operation) !== null) continue;
    const key = wishKey(operation.asked, operation.asked);
    nameless.set(key, (nameless.get(key) ?? new Set()).add(operation));
  }
  const effective = new Set<OperationRecord>();
  // In the order of time, and those first who were answered first: so none takes what another alone could have caused.
  for (const row of rows.toSorted((a, b) => a.atMs - b.atMs)) {
    const cause = named.has(row.id) ? namedCauseOf(row, named.get(row.id) ?? []) : namelessCauseOf(row, nameless);
    if (cause !== undefined) effective.add(cause);
    else {
      const what = `${row.kind} of ${row.delta} of ${row.sku} in ${row.warehouse}`;
      violate(`movement ${row.id}, ${what}, is kept, which nobody had asked for`, row.atMs);
    }
  }
  for (const operation of operations) {
    if (!isUnknown(operation)) continue;
    resolved.unknown += 1;
    if (effective.has(operation)) resolved.tookEffect += 1;
  }
}

function isMovement({ kind }: OperationRecord): boolean {
  return kind === 'movement';
}

interface Wish {
  readonly delta?: number;
  readonly available?: number;
}

function wishKey({ sku, warehouse }: { readonly sku?: string; readonly warehouse?: string }, wish: Wish): string {
  return `${sku} ${warehouse} ${wish.delta === undefined ? `=${wish.available}` : wish.delta}`;
}

function namedCauseOf(row: MovementRow, asked: readonly OperationRecord[]): OperationRecord | undefined {
  const causes = asked.filter((operation) => couldCause(operation, row.atMs) && isWish(operation, row));
  return (
    causes.find(({ outcome }) => outcome.kind === 'answer' && !isBusy(outcome) && !outcome.replayed) ??
    causes.findLast(({ outcome }) => outcome.kind === 'unknown') ??
    causes.at(-1)
  );
}

/** What has no name is used up: it causes one movement at most. */
function namelessCauseOf(row: MovementRow, nameless: ReadonlyMap<string, Set<OperationRecord>>): OperationRecord | undefined {
  const wishes = [
    nameless.get(wishKey(row, { delta: row.delta })),
    row.availableAfter === null ? undefined : nameless.get(wishKey(row, { available: row.availableAfter })),
  ];
  for (const asked of wishes) {
    const causes = [...(asked ?? [])].filter((operation) => !isRefused(operation) && couldCause(operation, row.atMs));
    const cause = causes.find(({ outcome }) => outcome.kind === 'answer' && !isBusy(outcome)) ?? causes[0];
    if (cause === undefined) continue;
    asked?.delete(cause);
    return cause;
  }
  return undefined;
}
