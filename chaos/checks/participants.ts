// Owns the check that what is stored of a branch is what its participant answered: the ledger's words beside the participant's own.
import type { AttemptRow, Evidence, TransactionRow } from '../evidence/evidence.ts';
import type { CallRecord, Finding, Phase } from '../record.ts';
import { type Collector, collectorOf } from './finding.ts';
import { CLOCK_SLACK_MS } from './moments.ts';

/** What a status means (contract, section 6). */
type Meaning = 'done' | 'not-yet' | 'refused' | 'failed';

function meaningOf(status: number | null): Meaning {
  if (status === 202 || status === 425) return 'not-yet';
  if (status !== null && status >= 200 && status < 300) return 'done';
  return status === 409 ? 'refused' : 'failed';
}

const isEnd = (state: string): boolean => state === 'CONFIRMED' || state === 'CANCELLED';

/** Participants are never killed, and they tell of a call even where its reply is lost: what they did not say was not said. */
export function checkParticipantsWords(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'participants', 'What is stored of a branch is what its participant answered');
  const calls = Map.groupBy(evidence.calls, ({ branchId }) => branchId);
  const of = (branchId: string): readonly CallRecord[] => calls.get(branchId) ?? [];
  let branches = 0;
  for (const row of evidence.transactions.values()) {
    branches += row.branches.length;
    examineEnds(row, of, collector);
    examineTries(row, of, collector);
  }
  for (const attempt of evidence.attempts) examineAttempt(attempt, of(attempt.branchId), collector);
  const [ofBranches, ofAttempts] = [branches, evidence.attempts.length].map((count) => count.toLocaleString('en'));
  return collector.finding(`${ofBranches} branches and ${ofAttempts} attempts beside what participants say they answered`);
}

type CallsOf = (branchId: string) => readonly CallRecord[];

const hasHeard = (calls: readonly CallRecord[], phase: Phase, meaning: Meaning, byMs: number): boolean =>
  calls.some((call) => call.phase === phase && meaningOf(call.status) === meaning && isAnsweredBy(call, byMs));

const isAnsweredBy = ({ answeredMs }: CallRecord, atMs: number): boolean =>
  answeredMs !== null && answeredMs <= atMs + CLOCK_SLACK_MS;

/** A branch is settled by its participant, or by an operator. */
function examineEnds({ id, branches, updatedMs }: TransactionRow, of: CallsOf, collector: Collector): void {
  for (const { id: branchId, participant, state, resolved } of branches) {
    if (resolved || !isEnd(state)) continue;
    collector.examine();
    const phase = state === 'CONFIRMED' ? 'confirm' : 'cancel';
    if (!hasHeard(of(branchId), phase, 'done', updatedMs))
      collector.violate(
        `branch ${branchId} of ${id} is ${state}, and ${participant} never answered its ${phase} with done`,
        updatedMs,
      );
  }
}

/** All have accepted, or one has refused. */
function examineTries({ id, reason, branches, events, decidedMs }: TransactionRow, of: CallsOf, collector: Collector): void {
  const tried = events.find(({ event }) => event === 'BRANCHES_TRIED');
  for (const { id: branchId, participant, state } of branches) {
    if (tried !== undefined || state === 'TRIED') {
      collector.examine();
      const atMs = tried?.atMs ?? Number.POSITIVE_INFINITY;
      if (!hasHeard(of(branchId), 'try', 'done', atMs))
        collector.violate(`${id} was told as TRIED, and ${participant} had not accepted branch ${branchId}`, tried?.atMs ?? null);
    }
    if (state === 'REFUSED') examineRefusal(`branch ${branchId} of ${id} is REFUSED`, [branchId], of, decidedMs, collector);
  }
  if (reason !== 'participant-refused') return;
  const all = branches.map((branch) => branch.id);
  examineRefusal(`${id} is cancelled as participant-refused`, all, of, decidedMs, collector);
}

function examineRefusal(what: string, ids: readonly string[], of: CallsOf, atMs: number | null, collector: Collector): void {
  collector.examine();
  const byMs = atMs ?? Number.POSITIVE_INFINITY;
  if (!ids.some((branchId) => hasHeard(of(branchId), 'try', 'refused', byMs)))
    collector.violate(`${what}, and nobody had answered its Try with 409`, atMs);
}

/**
 * An attempt that got an answer got it from the participant, who was asked in that attempt's name. What got none may not have arrived,
 * or its answer was lost: that says nothing of the participant.
 */
function examineAttempt(attempt: AttemptRow, calls: readonly CallRecord[], collector: Collector): void {
  const { transactionId, branchId, phase, outcome, status, atMs, sequence } = attempt;
  const what = `attempt ${sequence} (${phase} ${attempt.attempt}) of branch ${branchId} of ${transactionId}`;
  collector.examine();
  if (status !== undefined && meaningOf(status) !== outcome) {
    collector.violate(`${what} is kept as ${outcome}, with status ${status}`, atMs);
    return;
  }
  const hasAnswer = status === undefined ? outcome !== 'failed' : status !== null;
  if (!hasAnswer) return;
  const said = calls.filter((call) => call.phase === phase && call.attempt === attempt.attempt && isAnsweredBy(call, atMs));
  const isSaid = said.some((call) => (status === undefined ? meaningOf(call.status) === outcome : call.status === status));
  if (isSaid) return;
  const answers = said.map((call) => call.status).join(', ') || 'nothing';
  collector.violate(
    `${what} is kept as ${outcome} with status ${status ?? 'unknown'}, and its participant answered ${answers}`,
    atMs,
  );
}
