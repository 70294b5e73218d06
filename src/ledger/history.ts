// Owns a transaction's story, put together from what is stored: its Try and its decision stand in its row, the rest in events and
// attempts. In order of time.
import type { Branch, HistoryEvent, TransactionState } from '../coordinator/model.ts';
import type { Attempt, StoredTransaction } from '../coordinator/rows.ts';

/**
 * @param events beyond what the row says, in their order
 * @param attempts the last ones of each branch, in their order
 */
export function historyOf(
  transaction: StoredTransaction,
  events: readonly HistoryEvent[],
  attempts: readonly Attempt[],
): HistoryEvent[] {
  if (transaction.retiredAt !== null) return [];
  const tried = tryEvent(transaction);
  const decision = decisionEvent(transaction, events);
  const rows = [tried, decision].filter((event) => event !== null);
  // Told with the decision already.
  const others = events.filter(({ event }) => event !== 'CANCEL');
  const all = [...rows, ...others, ...attempts.map((attempt) => attemptEvent(transaction, attempt))];
  const story = [...all].sort((a, b) => a.at - b.at || rankOf(a) - rankOf(b));
  return [...story.slice(0, 1), ...forgotten(transaction, attempts), ...story.slice(1)];
}

/** What falls into the same millisecond is told in the order in which one leads to the other. */
function rankOf({ event }: HistoryEvent): number {
  const rank = ['TRY', 'EXTEND', 'ATTEMPT_TRY', 'BRANCHES_TRIED', 'PARTICIPANT_REFUSED', 'CONFIRM', 'CANCEL', 'EXPIRE'].indexOf(
    event,
  );
  if (rank >= 0) return rank;
  return event === 'BRANCHES_SETTLED' ? 101 : event === 'REFUND' ? 102 : 100;
}

function tryEvent({ state, reason, contentHash, createdAt, shortages, branches }: StoredTransaction): HistoryEvent | null {
  if (contentHash === null) return null;
  if (reason === 'insufficient-stock')
    return { at: createdAt, event: 'TRY', from: null, to: state, detail: { reason, shortages } };
  return { at: createdAt, event: 'TRY', from: null, to: branches.length > 0 ? 'TRYING' : 'TRIED', detail: null };
}

function decisionEvent(transaction: StoredTransaction, events: readonly HistoryEvent[]): HistoryEvent | null {
  const { reason, decidedAt, note, contentHash, branches } = transaction;
  if (decidedAt === null || reason === 'insufficient-stock') return null;
  const hasBranches = branches.length > 0;
  if (reason === null) {
    return { at: decidedAt, event: 'CONFIRM', from: 'TRIED', to: hasBranches ? 'CONFIRMING' : 'CONFIRMED', detail: null };
  }
  const to: TransactionState = hasBranches ? 'CANCELLING' : 'CANCELLED';
  // Kept where an operator asked for it.
  const by = events.find(({ event }) => event === 'CANCEL')?.detail?.by;
  const detail = by === undefined ? { reason, note } : { reason, note, by };
  return { at: decidedAt, event: nameOf(reason), from: contentHash === null ? null : heldAs(), to, detail };

  function heldAs(): TransactionState {
    const wasTried = !hasBranches || events.some((event) => event.event === 'BRANCHES_TRIED');
    return wasTried ? 'TRIED' : 'TRYING';
  }
}

function nameOf(reason: StoredTransaction['reason']): string {
  if (reason === 'expired') return 'EXPIRE';
  return reason === 'participant-refused' ? 'PARTICIPANT_REFUSED' : 'CANCEL';
}

function attemptEvent({ branches }: StoredTransaction, attempt: Attempt): HistoryEvent {
  const { transactionId: _, at, from, to, phase, ...detail } = attempt;
  const participant = branches.find((branch) => branch.id === attempt.branchId)?.participant;
  return { at, event: `ATTEMPT_${phase.toUpperCase()}`, from, to, detail: { participant, ...detail } };
}

/** Of the attempts that are no longer kept, how many there were. */
function forgotten({ branches, createdAt }: StoredTransaction, attempts: readonly Attempt[]): HistoryEvent[] {
  return branches.flatMap((branch): HistoryEvent[] => {
    const count = branch.attemptsInAll - attempts.filter((attempt) => attempt.branchId === branch.id).length;
    return count > 0 ? [forgottenEvent(branch, count, createdAt)] : [];
  });
}

function forgottenEvent({ id, participant }: Branch, count: number, at: number): HistoryEvent {
  const detail = { branchId: id, participant, count };
  return { at, event: 'EARLIER_ATTEMPTS', from: 'REGISTERED', to: 'REGISTERED', detail };
}
