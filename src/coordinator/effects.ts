// Owns what must be done once a commit has returned, worked out from what it stored: deadlines to be woken for, participants to
// be called, callers to be told. Pure. Should the process die before it is done, PostgreSQL still has it all (I11).
import type { Branch, BranchId, BranchPhase, TransactionId } from './model.ts';
import type { Change, StoredTransaction } from './rows.ts';

/** A call that this coordinator may make: it holds the lease under this fence. */
export interface BranchCall {
  readonly transactionId: TransactionId;
  readonly branchId: BranchId;
  readonly participant: string;
  readonly phase: BranchPhase;
  readonly fence: number;
  /** Whether an operator asked for it: then it goes first, and past an open breaker. */
  readonly isUrgent: boolean;
  /** Whether it was claimed, some time after the decision that asked for it, or left by another coordinator. */
  readonly isClaimed?: boolean;
}

export interface Effects {
  /** When a timer must come for a transaction, in ms since 1970 by the database's clock. */
  readonly deadlines: readonly number[];
  readonly calls: readonly BranchCall[];
  /** When branches are to be asked again, by the same clock. */
  readonly retries: readonly number[];
  /** Transactions with branches, as they are now: somebody may wait for news of them. */
  readonly moved: readonly StoredTransaction[];
}

export function deadlineEffects(deadlines: readonly number[]): Effects {
  return { deadlines, calls: [], retries: [], moved: [] };
}

interface Stretch {
  /** Null where the transaction is new. */
  readonly before: StoredTransaction | null;
  readonly after: StoredTransaction;
  readonly isUrgent: boolean;
}

/** @param changes all of one commit, in their order */
export function effectsOf(changes: readonly Change[]): Effects {
  const stretches = [...stretchesOf(changes).values()];
  const withBranches = stretches.filter(({ after }) => after.branches.length > 0);
  return {
    deadlines: stretches.filter(isNewDeadline).map(({ after }) => after.expiresAt),
    calls: withBranches.flatMap(callsOf),
    retries: withBranches.flatMap(retriesOf),
    moved: withBranches.map(({ after }) => after),
  };
}

/** From where to where each transaction went, whatever came between. */
function stretchesOf(changes: readonly Change[]): Map<TransactionId, Stretch> {
  const stretches = new Map<TransactionId, Stretch>();
  for (const change of changes) {
    if (change.kind === 'open-transaction') {
      stretches.set(change.transaction.id, { before: null, after: change.transaction, isUrgent: false });
    } else if (change.kind === 'change-transaction') {
      const { id } = change.after;
      const known = stretches.get(id);
      stretches.set(id, {
        before: known === undefined ? change.before : known.before,
        after: change.after,
        isUrgent: known?.isUrgent ?? false,
      });
    } else if (change.kind === 'record-event' && change.event.event === 'RETRY') {
      const known = stretches.get(change.transactionId);
      if (known !== undefined) stretches.set(change.transactionId, { ...known, isUrgent: true });
    }
  }
  return stretches;
}

function isNewDeadline({ before, after }: Stretch): boolean {
  return before === null ? after.decidedAt === null : before.expiresAt !== after.expiresAt;
}

function branchBefore({ before }: Stretch, { id }: Branch): Branch | undefined {
  return before?.branches.find((branch) => branch.id === id);
}

function callsOf(stretch: Stretch): BranchCall[] {
  const { after, isUrgent } = stretch;
  return after.branches.flatMap((branch) => {
    const isGranted = branch.work.kind === 'under-way' && branch.fence !== branchBefore(stretch, branch)?.fence;
    if (branch.work.kind !== 'under-way' || !isGranted) return [];
    const { id: branchId, participant, fence } = branch;
    return [{ transactionId: after.id, branchId, participant, phase: branch.work.phase, fence, isUrgent }];
  });
}

function retriesOf(stretch: Stretch): number[] {
  return stretch.after.branches.flatMap((branch) => {
    if (branch.work.kind !== 'waiting') return [];
    const known = branchBefore(stretch, branch)?.work;
    return known?.kind === 'waiting' && known.at === branch.work.at ? [] : [branch.work.at];
  });
}
