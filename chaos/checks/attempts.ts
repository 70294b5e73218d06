// Owns what the attempts of a branch must look like: every grant led to one reply at most, each reply to one attempt, none began
// before the one before it had ended, and none came after the end (I11).
import type { AttemptRow, Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { Collector } from './finding.ts';

/** So many attempts of a branch are kept. */
export const ATTEMPTS_KEPT = 50;

/** The one is told by the coordinator's clock, the other by PostgreSQL's. */
const OVERLAP_SLACK_MS = 50;

type Branch = TransactionRow['branches'][number];
export type AttemptsByBranch = ReadonlyMap<string, readonly AttemptRow[]>;

/** In the order in which they were taken down. */
export function attemptsByBranch({ attempts }: Pick<Evidence, 'attempts'>): AttemptsByBranch {
  const byBranch = Map.groupBy(attempts, ({ branchId }) => branchId);
  for (const own of byBranch.values()) own.sort((a, b) => a.sequence - b.sequence);
  return byBranch;
}

/** A reply to an earlier grant would be counted twice, stand beside another, or contradict it. */
export function examineAttempts(row: TransactionRow, attempts: AttemptsByBranch, collector: Collector): void {
  for (const branch of row.branches) {
    const kept = attempts.get(branch.id) ?? [];
    const why = miscounted(branch, kept) ?? broken(branch, kept);
    if (why !== null) collector.violate(`branch ${branch.id} of ${row.id}: ${why}`, row.updatedMs);
  }
}

function miscounted({ attemptsInAll, attempts, phase }: Branch, kept: readonly AttemptRow[]): string | null {
  const wanted = Math.min(ATTEMPTS_KEPT, attemptsInAll);
  const first = attemptsInAll - wanted + 1;
  if (kept.length !== wanted || kept.some(({ sequence }, place) => sequence !== first + place))
    return `${attemptsInAll} attempts, and the last ${wanted} of them are not those that are kept`;
  const last = kept.at(-1);
  const isLastCounted = last === undefined || last.phase !== phase || last.attempt === attempts;
  return isLastCounted ? null : `${attempts} attempts to ${phase}, and the last that is kept is the ${last?.attempt}th`;
}

function broken({ state, resolved }: Branch, kept: readonly AttemptRow[]): string | null {
  const isEnd = (name: string): boolean => name === 'CONFIRMED' || name === 'CANCELLED';
  const ended = kept.findIndex(({ to }) => isEnd(to));
  if (ended >= 0 && ended < kept.length - 1) return `asked ${kept.length - 1 - ended} times more after it was settled`;
  for (const [place, attempt] of kept.entries()) {
    const before = kept[place - 1];
    if (before === undefined) continue;
    const follows = before.phase === attempt.phase ? before.attempt + 1 : 1;
    if (attempt.attempt !== follows) return `attempt ${attempt.attempt} to ${attempt.phase}, where ${follows} follows`;
    const beganMs = attempt.atMs - (attempt.durationMs ?? 0);
    if (beganMs < before.atMs - OVERLAP_SLACK_MS)
      return `attempt ${attempt.sequence} began ${Math.round(before.atMs - beganMs)} ms before the one before it had ended`;
    if (attempt.from !== before.to)
      return `attempt ${attempt.sequence} found it ${attempt.from}, and the one before left it ${before.to}`;
  }
  const last = kept.at(-1);
  // An operator may settle it without any attempt.
  return resolved || last === undefined || last.to === state ? null : `${state}, and its last attempt left it ${last.to}`;
}
