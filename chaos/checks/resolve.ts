// Owns the question who asked for what became of a transaction: every stage of its life was asked for by a request sent before it, or
// came by its deadline or its participants; and every request without an answer took effect once, or not at all (I7).
import type { OperationKind, OperationRecord } from '../record.ts';
import { isContentOf } from './content.ts';
import type { Conversation } from './conversations.ts';
import { describe } from './explained.ts';
import { isBusy, isSoldAsAsked } from './legal-answers.ts';
import { CLOCK_SLACK_MS } from './moments.ts';
import { isRefundOf } from './refund-answers.ts';
import type { Stage } from './transaction-life.ts';

/** What requests without an answer came to. */
export interface Resolved {
  unknown: number;
  tookEffect: number;
}

/** Nobody is in doubt about what a read has changed. */
const READS: ReadonlySet<OperationKind> = new Set(['get', 'get-stock']);

export function isUnknown({ kind, outcome }: OperationRecord): boolean {
  return outcome.kind === 'unknown' && !READS.has(kind);
}

/**
 * @param makers which operation said of itself that it led to a stage
 * @param resolved is counted up
 */
export function resolve(
  { id, operations, life, row }: Conversation,
  makers: ReadonlyMap<number, OperationRecord>,
  resolved: Resolved,
  violate: (text: string, atMs: number | null) => void,
): void {
  const effective = new Set<OperationRecord>();
  for (const [place, stage] of life.entries()) {
    if (place === 0 || row === undefined) continue;
    const candidates = operations.filter((operation) => couldCause(operation, stage.fromMs) && isWish(operation, stage, row));
    const maker = makers.get(place) ?? mostLikely(candidates);
    if (maker !== undefined) effective.add(maker);
    else if (!cameByItself(stage, row.branchCount)) violate(`${id}: ${told(stage)}, which nobody had asked for`, stage.fromMs);
    if (maker !== undefined && !isWish(maker, stage, row))
      violate(`${id}: ${told(stage)}, but ${describe(maker)} asked for something else`, maker.endedMs);
  }
  for (const operation of operations) {
    if (!isUnknown(operation)) continue;
    resolved.unknown += 1;
    if (effective.has(operation)) resolved.tookEffect += 1;
  }
}

function told({ cause, state, reason, fromMs }: Stage): string {
  const why = reason === null ? '' : ` (${reason})`;
  return `${cause} led to ${state}${why} at ${new Date(fromMs).toISOString()}`;
}

/** A request takes effect before it is answered; one that is not, or with 503, may do so later too. */
export function couldCause({ sentMs, endedMs, outcome }: OperationRecord, atMs: number): boolean {
  if (sentMs > atMs + CLOCK_SLACK_MS) return false;
  return outcome.kind === 'unknown' || isBusy(outcome) || atMs <= endedMs + CLOCK_SLACK_MS;
}

/** Whether it was told "no", and not merely "not now". */
export function isRefused({ outcome }: OperationRecord): boolean {
  return outcome.kind === 'answer' && outcome.status >= 400 && !isBusy(outcome);
}

function isWish(operation: OperationRecord, stage: Stage, row: NonNullable<Conversation['row']>): boolean {
  const { kind, asked } = operation;
  // A Try may be told "no" of what it held, because it waited for participants; whoever wanted anything else changed nothing then.
  if (kind !== 'try' && isRefused(operation)) return false;
  switch (stage.cause) {
    case 'try':
    case 'refusal':
      return kind === 'try' && isContentOf(asked, row) === true;
    case 'cancel-before-try':
      return kind === 'cancel';
    case 'extend':
      return kind === 'extend' && Math.abs((stage.expiresMs ?? 0) - stage.fromMs - (asked.timeoutMs ?? 0)) < 1;
    case 'decision':
      if (stage.state.startsWith('CONFIRM')) return kind.startsWith('confirm') && isSoldAsAsked(stage, operation);
      return kind === 'cancel' && stage.reason === (isDue(stage) ? 'expired' : 'requested');
    case 'refund':
      return isRefundOf(stage, operation);
    default:
      return false;
  }
}

/** By its deadline, by a participant's refusal, or by the answers of its participants. */
function cameByItself(stage: Stage, branchCount: number): boolean {
  if (stage.cause === 'branches-tried' || stage.cause === 'settlement') return branchCount > 0;
  if (stage.cause !== 'decision') return false;
  return stage.reason === 'participant-refused' ? branchCount > 0 : stage.reason === 'expired' && isDue(stage);
}

/** Rule 5: at or after the deadline it is the deadline that won. */
function isDue({ fromMs, expiresMs }: Stage): boolean {
  return expiresMs !== null && fromMs >= expiresMs;
}

/** Where several could have, one of those that were not answered; then one that was told "not now"; then whoever repeated itself. */
function mostLikely(candidates: readonly OperationRecord[]): OperationRecord | undefined {
  const isSilent = ({ outcome }: OperationRecord): boolean => outcome.kind === 'unknown';
  const wasBusy = ({ outcome }: OperationRecord): boolean => outcome.kind === 'answer' && isBusy(outcome);
  return candidates.findLast(isSilent) ?? candidates.findLast(wasBusy) ?? candidates.at(-1);
}
