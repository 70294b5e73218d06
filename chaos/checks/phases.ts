// Owns the check of what participants saw: a branch is recorded before it is called, a decision before phase two begins (I9).
import type { Evidence } from '../evidence/evidence.ts';
import type { CallRecord, Finding, Phase } from '../record.ts';
import { type Collector, collectorOf } from './finding.ts';
import { CLOCK_SLACK_MS } from './moments.ts';
import { reportSamples } from './samples.ts';

/** What a participant must find recorded when it is called. */
const RECORDED: Readonly<Record<Phase, readonly string[]>> = {
  try: ['TRYING', 'TRIED', 'CONFIRMING', 'CONFIRMED', 'CANCELLING', 'CANCELLED'],
  confirm: ['CONFIRMING', 'CONFIRMED'],
  cancel: ['CANCELLING', 'CANCELLED'],
};

/** I9, in the participants' own words: each asked PostgreSQL as the first thing it did. */
export function checkRecordedFirst(evidence: Evidence): Finding {
  const collector = collectorOf(evidence, 'I9', 'A branch is recorded before its call, the decision before phase two');
  const phases = new Map<string, Set<Phase>>();
  let asked = 0;
  for (const call of evidence.calls) {
    // Where the participant could not look, the ledger's end alone says little: it may have been written after the call.
    if (call.seen !== null) {
      collector.examine();
      asked += 1;
    }
    examineCall(call, evidence, collector);
    if (call.phase === 'try') continue;
    const known = phases.get(call.branchId) ?? new Set();
    phases.set(call.branchId, known.add(call.phase));
    if (known.size > 1) collector.violate(`branch ${call.branchId} was asked to confirm and to cancel`, call.receivedMs);
  }
  reportSamples(evidence, 'I9', collector);
  return collector.finding(
    `${evidence.calls.length.toLocaleString('en')} calls; at ${asked.toLocaleString('en')} the participant could look what was recorded`,
  );
}

function examineCall(
  { participant, transactionId, branchId, phase, receivedMs, seen }: CallRecord,
  evidence: Evidence,
  collector: Collector,
): void {
  const called = `${participant} was asked to ${phase} branch ${branchId} of ${transactionId}`;
  if (seen !== null && !seen.branchIsRecorded) collector.violate(`${called}, which was not recorded`, receivedMs);
  if (seen !== null && !RECORDED[phase].includes(seen.transactionState ?? 'ABSENT'))
    collector.violate(`${called}, which was ${seen.transactionState ?? 'absent'}`, receivedMs);
  const row = evidence.transactions.get(transactionId);
  if (row === undefined) {
    collector.violate(`${called}, which is not there in the end`, receivedMs);
    return;
  }
  if (phase === 'try') return;
  // PostgreSQL stamps a decision before it commits it, and the call comes after.
  if (row.decidedMs === null || receivedMs < row.decidedMs - CLOCK_SLACK_MS)
    collector.violate(`${called} before it was decided`, receivedMs);
  if (!RECORDED[phase].includes(row.state)) collector.violate(`${called}, which is ${row.state} in the end`, receivedMs);
}
