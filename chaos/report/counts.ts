// Owns the counts of a run: operations by kind and by outcome, and the calls that reached participants.
import type { CallRecord, Finding, OperationRecord } from '../record.ts';
import { gaveUpEarly } from './service.ts';

export interface Operations {
  readonly total: number;
  readonly byKind: Readonly<Record<string, number>>;
  /** By status and code, such as `409 insufficient-stock`; `unknown` are those without an answer. */
  readonly byOutcome: Readonly<Record<string, number>>;
  /** How many of them are the flood's. */
  readonly flood: number;
  readonly unknown: {
    readonly total: number;
    /** Of the flood. */
    readonly flood: number;
    /** Of callers beside the flood who meant to give up early. */
    readonly gaveUp: number;
    /** What they turned out to be, in the words of the check (I7); null where none looked. */
    readonly resolved: string | null;
  };
}

export interface ParticipantCalls {
  readonly participant: string;
  readonly total: number;
  /** `no answer` where there was no whole one. */
  readonly byStatus: Readonly<Record<string, number>>;
}

const UNKNOWN = 'unknown';

export function countOperations(operations: readonly OperationRecord[], findings: readonly Finding[]): Operations {
  const [byKind, byOutcome] = [new Map<string, number>(), new Map<string, number>()];
  let [flood, unknownOfFlood, gaveUp] = [0, 0, 0];
  for (const { kind, outcome, isFlood } of operations) {
    countOne(byKind, kind);
    countOne(byOutcome, outcome.kind === 'unknown' ? UNKNOWN : answerOf(outcome.status, outcome.code));
    if (isFlood) flood += 1;
    if (isFlood && outcome.kind === 'unknown') unknownOfFlood += 1;
    if (!isFlood && gaveUpEarly(outcome)) gaveUp += 1;
  }
  const resolved = findings.find(({ id }) => id === 'I7')?.detail ?? null;
  return {
    total: operations.length,
    byKind: Object.fromEntries(byKind),
    byOutcome: Object.fromEntries(byOutcome),
    flood,
    unknown: { total: byOutcome.get(UNKNOWN) ?? 0, flood: unknownOfFlood, gaveUp, resolved },
  };
}

function answerOf(status: number, code: string | null): string {
  return code === null ? String(status) : `${status} ${code}`;
}

export function countCalls(participants: readonly string[], calls: readonly CallRecord[]): ParticipantCalls[] {
  const counts = new Map<string, Map<string, number>>(participants.map((name) => [name, new Map()]));
  for (const { participant, status } of calls) {
    const byStatus = counts.get(participant) ?? new Map<string, number>();
    counts.set(participant, byStatus);
    countOne(byStatus, status === null ? 'no answer' : String(status));
  }
  return [...counts].map(([participant, byStatus]) => ({
    participant,
    total: [...byStatus.values()].reduce((sum, number) => sum + number, 0),
    byStatus: Object.fromEntries(byStatus),
  }));
}

function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
