// Owns a run that never was, for the tests of the report: as much of it as is asked for, with faults that show in its figures.
import type { Evidence } from '../../chaos/evidence/evidence.ts';
import { FAULT_KINDS, planOf } from '../../chaos/faults/plan.ts';
import { type Chance, chanceOf } from '../../chaos/random.ts';
import type {
  CallRecord,
  FaultRecord,
  Finding,
  OperationKind,
  OperationRecord,
  Outcome,
  PeriodRecord,
  RunRecord,
} from '../../chaos/record.ts';

export const STARTED_MS = Date.UTC(2026, 10, 22, 8);
const PARTICIPANTS = ['payment', 'coupon', 'points'];
const KINDS: readonly OperationKind[] = ['try', 'try', 'confirm', 'cancel', 'get', 'refund', 'movement', 'get-stock'];

export const answer = (status: number, code: string | null = null): Outcome => ({
  kind: 'answer',
  status,
  code,
  replayed: false,
  retryAfter: null,
  body: null,
});

/** One operation, as it is asked for in the rest. */
export function operation(number: number, differs: Partial<OperationRecord> = {}): OperationRecord {
  const sentMs = differs.sentMs ?? STARTED_MS + number;
  return {
    type: 'operation',
    number,
    kind: 'try',
    instance: 0,
    transactionId: null,
    isFlood: false,
    asked: {},
    sentMs,
    endedMs: sentMs + 5,
    outcome: answer(201),
    ...differs,
  };
}

/** The moments are since the start of the run. */
export const period = (name: PeriodRecord['name'], fromMs: number, toMs: number): PeriodRecord => {
  return { type: 'period', name, faults: [], fromMs: STARTED_MS + fromMs, toMs: STARTED_MS + toMs };
};
export const fault = (kind: string, fromMs: number, toMs: number): FaultRecord => {
  return { type: 'fault', kind, target: 'redis', fromMs: STARTED_MS + fromMs, toMs: STARTED_MS + toMs, note: null };
};
export const sentAt = (ms: number, differs: Partial<OperationRecord> = {}): OperationRecord =>
  operation(1, { sentMs: STARTED_MS + ms, ...differs });

export function finding(id: string, differs: Partial<Finding> = {}): Finding {
  const what = { title: `${id} holds`, examined: 1_000, violations: 0, detail: 'rows', examples: [], afterOperations: null };
  return { id, ...what, ...differs };
}

/** A run of nothing but what is given. */
export function evidenceOf(parts: Partial<Evidence>): Evidence {
  return {
    run: runRecord(60_000),
    operations: [],
    calls: [],
    samples: [],
    faults: [],
    periods: [],
    exits: [],
    liveness: null,
    stock: [],
    transactions: new Map(),
    movements: [],
    attempts: [],
    ...parts,
  };
}

function runRecord(durationMs: number): RunRecord {
  return {
    type: 'run',
    seed: 4,
    startedMs: STARTED_MS,
    durationMs,
    instances: 3,
    faults: FAULT_KINDS.map(({ name }) => name).filter((name) => name !== 'postgres-disk'),
    leftOut: [{ kind: 'postgres-disk', why: 'no small file system could be made: mount: permission denied' }],
    sabotage: null,
    participants: PARTICIPANTS,
    retryMaxMs: 2_000,
  };
}

/** A whole run: its plan is a real one, what callers met is drawn by chance and is worse under faults. */
export function madeUpRun(durationMs: number, operations: number): Evidence {
  const chance = chanceOf(4, 'made up');
  const kinds = FAULT_KINDS.filter(({ name }) => name !== 'postgres-disk');
  const plan = planOf(chance.of('plan'), { durationMs, kinds, instances: 3, participants: PARTICIPANTS });
  const beginMs = STARTED_MS + 7_500;
  const endMs = beginMs + durationMs;
  const faults = plan.flatMap((period) =>
    period.faults.map(({ kind, fromMs, toMs, drawn: { target, note } }): FaultRecord => {
      return { type: 'fault', kind, target, fromMs: beginMs + fromMs, toMs: beginMs + toMs, note };
    }),
  );
  const period = (name: PeriodRecord['name'], fromMs: number, toMs: number, of: readonly string[] = []): PeriodRecord => {
    return { type: 'period', name, faults: of, fromMs, toMs };
  };
  const periods = [
    period('warm-up', STARTED_MS + 500, STARTED_MS + 2_500),
    period('before', STARTED_MS + 2_500, beginMs),
    ...plan.map(({ fromMs, toMs, faults: of }) => {
      const names = [...new Set(of.map(({ kind }) => kind))];
      return period(names.length === 0 ? 'quiet' : 'faults', beginMs + fromMs, beginMs + toMs, names);
    }),
    period('after', endMs, endMs + 1_400),
    period('drain', endMs + 1_400, endMs + 6_200),
  ];
  return evidenceOf({
    run: runRecord(durationMs),
    operations: drawOperations(chance, operations, periods, endMs + 1_400),
    calls: drawCalls(chance, Math.min(operations, 4_000)),
    faults,
    periods,
    liveness: {
      type: 'liveness',
      healedMs: endMs,
      settledMs: endMs + 6_150,
      settleBoundMs: 30_000,
      stillOpen: 0,
      throughputBefore: 812,
      throughputAfter: 790,
      recoveredAfterMs: 1_210,
      recoverBoundMs: 10_000,
    },
  });
}

function drawOperations(chance: Chance, number: number, periods: readonly PeriodRecord[], endMs: number): OperationRecord[] {
  const [firstMs, spanMs] = [STARTED_MS + 500, endMs - STARTED_MS - 500];
  let place = 0;
  return Array.from({ length: number }, (_, index) => {
    const sentMs = Math.round(firstMs + (spanMs * index) / number);
    while ((periods[place]?.toMs ?? endMs) <= sentMs && place < periods.length - 1) place += 1;
    const trouble = periods[place]?.faults.length ?? 0;
    const outcome = drawOutcome(chance, trouble);
    const latencyMs = Math.round(2 + 30 * chance.fraction() ** 4 + trouble * 400 * chance.fraction() ** 12);
    const kind = chance.pick(KINDS);
    const isFlood = (periods[place]?.faults.includes('flood') ?? false) && chance.happens(0.5);
    return operation(index + 1, { kind, sentMs, endedMs: sentMs + latencyMs, outcome, isFlood });
  });
}

function drawOutcome(chance: Chance, trouble: number): Outcome {
  const draw = chance.fraction();
  if (draw < trouble * 0.01) return answer(503, 'unavailable');
  if (draw < trouble * 0.014) return { kind: 'unknown', why: 'ECONNRESET: the connection was reset' };
  if (draw < trouble * 0.014 + 0.01) return { kind: 'unknown', why: `gave up after ${chance.between(30, 300)} ms` };
  if (draw < 0.2) return answer(409, chance.pick(['insufficient-stock', 'invalid-transition', 'transaction-cancelled']));
  if (draw < 0.23) return answer(410, 'reservation-expired');
  return answer(chance.pick([200, 200, 201, 202]));
}

function drawCalls(chance: Chance, number: number): CallRecord[] {
  return Array.from({ length: number }, (_, index) => ({
    type: 'call',
    participant: chance.pick(PARTICIPANTS),
    transactionId: 'a transaction',
    branchId: 'a branch',
    phase: 'try',
    attempt: 1,
    receivedMs: STARTED_MS + index,
    answeredMs: STARTED_MS + index + 1,
    status: chance.pick([200, 200, 200, 200, 500, 409, null]),
    seen: null,
  }));
}
