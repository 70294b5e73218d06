// Owns what a run of chaos writes down: the records of history.ndjson, one JSON object a line, and of database.ndjson. Everything
// that is checked or reported is worked out from these two files alone, so that `npm run chaos:check` can do it again.
// Every moment (…Ms) is in milliseconds since 1970 by the machine's real clock, which PostgreSQL reads too.

export type OperationKind =
  | 'try'
  | 'confirm'
  | 'confirm-part'
  | 'cancel'
  | 'extend'
  | 'refund'
  | 'get'
  | 'movement'
  | 'set-stock'
  | 'get-stock';

/** What of a basket an operation names. */
export interface AskedItem {
  readonly sku: string;
  readonly warehouse: string;
  readonly quantity: number;
}

/** What was asked, as far as the checks need it; what a kind does not have is left out. */
export interface Asked {
  readonly items?: readonly AskedItem[];
  /** The participants' names, in the order of the branches. */
  readonly branches?: readonly string[];
  readonly timeoutMs?: number;
  /** Of a refund or a movement. */
  readonly id?: string;
  readonly sku?: string;
  readonly warehouse?: string;
  /** Of a movement, signed: what it adds to available where it is applied. */
  readonly delta?: number;
  /** Of set-stock. */
  readonly available?: number;
  /** `Prefer: wait`, seconds. */
  readonly waitSeconds?: number;
}

/** What the caller was told. A request without an answer is unknown, never failed: it may have taken effect, or may yet. */
export type Outcome =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** Of a problem. */
      readonly code: string | null;
      readonly replayed: boolean;
      /** Seconds. */
      readonly retryAfter: number | null;
      /** The whole body of a transaction, a stock or a problem. */
      readonly body: unknown;
    }
  | { readonly kind: 'unknown'; readonly why: string };

export interface OperationRecord {
  readonly type: 'operation';
  /** Counted from 1 in the order of sending. */
  readonly number: number;
  readonly kind: OperationKind;
  /** Which coordinator was asked, from 0. */
  readonly instance: number;
  /** Null of a movement, set-stock and get-stock. */
  readonly transactionId: string | null;
  /** Whether it is one of the flood that asks for more than can be served. */
  readonly isFlood: boolean;
  readonly asked: Asked;
  readonly sentMs: number;
  readonly endedMs: number;
  readonly outcome: Outcome;
}

export type Phase = 'try' | 'confirm' | 'cancel';

/** A call that reached a participant, in the participant's own words. */
export interface CallRecord {
  readonly type: 'call';
  readonly participant: string;
  readonly transactionId: string;
  readonly branchId: string;
  readonly phase: Phase;
  readonly attempt: number;
  readonly receivedMs: number;
  /** When it answered; null where it did not. */
  readonly answeredMs: number | null;
  /** The status it answered with; null where it gave no whole answer. */
  readonly status: number | null;
  /**
   * What PostgreSQL said, asked past every proxy, as the very first thing on receipt; null where it could not be asked within
   * half a second.
   */
  readonly seen: { readonly transactionState: string | null; readonly branchIsRecorded: boolean } | null;
}

/** One look at the ledger in one snapshot, while the load runs. */
export interface SampleRecord {
  readonly type: 'sample';
  readonly atMs: number;
  /** How many rows were examined, by invariant. */
  readonly examined: Readonly<Record<string, number>>;
  readonly violations: readonly { readonly invariant: string; readonly text: string }[];
  /** Resident memory of each coordinator that runs, bytes. */
  readonly memory: readonly (number | null)[];
}

/** The end of a coordinator's process. */
export interface ExitRecord {
  readonly type: 'exit';
  readonly target: string;
  readonly startedMs: number;
  readonly atMs: number;
  /** What it was told: SIGKILL, SIGTERM, or nothing. */
  readonly order: 'kill' | 'terminate' | null;
  readonly code: number | null;
  readonly signal: string | null;
  /** Whether it had listened before. */
  readonly wasServing: boolean;
  /** What it printed last; empty where it was killed by order. */
  readonly lastLines: string;
}

export interface FaultRecord {
  readonly type: 'fault';
  readonly kind: string;
  /** What it befell: `coordinator-1`, `postgres`, `coordinator-0 → redis`, `payment`, `clients → coordinator-2`. */
  readonly target: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** What else there is to say: how far a clock was off, why it could not be done. */
  readonly note: string | null;
}

/** A stretch of the plan: with its faults, or quiet. The report tells availability and latency by these. */
export interface PeriodRecord {
  readonly type: 'period';
  readonly name: 'warm-up' | 'before' | 'faults' | 'quiet' | 'drain' | 'after';
  /** The kinds of its faults. */
  readonly faults: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

export interface RunRecord {
  readonly type: 'run';
  readonly seed: number;
  readonly startedMs: number;
  /** How long faults and load were asked for. */
  readonly durationMs: number;
  readonly instances: number;
  readonly faults: readonly string[];
  /** Faults that were asked for and could not be done here, with the reason. */
  readonly leftOut: readonly { readonly kind: string; readonly why: string }[];
  readonly sabotage: string | null;
  readonly participants: readonly string[];
  /** `retry.maxMs` of the participants. */
  readonly retryMaxMs: number;
}

/** What came after the last fault was healed. */
export interface LivenessRecord {
  readonly type: 'liveness';
  readonly healedMs: number;
  /** When nothing was open any more; null where that took longer than the bound. */
  readonly settledMs: number | null;
  readonly settleBoundMs: number;
  /** How many were open when the wait ended. */
  readonly stillOpen: number;
  /** Answered operations a second before the first fault. */
  readonly throughputBefore: number;
  /** The best second-long window within the bound after healing, begun as often as it took. */
  readonly throughputAfter: number;
  /** How long after healing it was back at the wanted share; null where it was not within the bound. */
  readonly recoveredAfterMs: number | null;
  readonly recoverBoundMs: number;
}

export type HistoryRecord =
  | RunRecord
  | OperationRecord
  | CallRecord
  | SampleRecord
  | FaultRecord
  | PeriodRecord
  | LivenessRecord
  | ExitRecord;

/** The rows of the ledger when everything had settled. Moments are milliseconds since 1970, counters numbers. */
export type DatabaseRecord =
  | {
      readonly table: 'stock';
      readonly sku: string;
      readonly warehouse: string;
      readonly available: number;
      readonly reserved: number;
      readonly deducted: number;
      readonly version: number;
    }
  | {
      readonly table: 'transaction';
      readonly id: string;
      readonly state: string;
      readonly reason: string | null;
      readonly branchCount: number;
      readonly createdMs: number;
      readonly expiresMs: number;
      readonly decidedMs: number | null;
      readonly updatedMs: number;
      /** Null where the id was cancelled before its Try. */
      readonly hasContent: boolean;
      readonly items: readonly {
        readonly sku: string;
        readonly warehouse: string;
        readonly quantity: number;
        readonly state: string;
        readonly deducted: number;
        readonly refunded: number;
      }[];
      readonly branches: readonly {
        readonly id: string;
        readonly participant: string;
        readonly state: string;
        readonly phase: Phase;
        readonly attempts: number;
        readonly attemptsInAll: number;
        readonly resolved: boolean;
        readonly attemptedMs: number | null;
        readonly nextAttemptMs: number | null;
      }[];
      /** Refunds that were applied or refused. */
      readonly refunds: readonly { readonly id: string; readonly atMs: number; readonly isRefused: boolean }[];
      readonly events: readonly {
        readonly atMs: number;
        readonly event: string;
        readonly from: string | null;
        readonly to: string;
        readonly detail: unknown;
      }[];
    }
  | {
      readonly table: 'movement';
      readonly id: string;
      readonly sku: string;
      readonly warehouse: string;
      readonly kind: string;
      /** What it added to available; 0 where it was refused. */
      readonly delta: number;
      readonly atMs: number;
      readonly availableAfter: number | null;
      readonly reservedAfter: number | null;
      readonly deductedAfter: number | null;
      readonly versionAfter: number | null;
    }
  | {
      readonly table: 'attempt';
      readonly transactionId: string;
      readonly branchId: string;
      /** Counted over all phases, from 1. */
      readonly sequence: number;
      readonly atMs: number;
      readonly phase: Phase;
      readonly attempt: number;
      readonly outcome: string;
      /** Null where there was no whole answer; absent in what earlier runs wrote down. */
      readonly status?: number | null;
      /** From the look at what is to be asked to the answer, by the coordinator's clock; absent as the status is. */
      readonly durationMs?: number;
      readonly from: string;
      readonly to: string;
    };

/** What a check found. One that examined nothing holds nothing. */
export interface Finding {
  /** I1 to I12; `per-SKU model`; `liveness`. */
  readonly id: string;
  /** What it says, in one line. */
  readonly title: string;
  readonly examined: number;
  /** All of them counted, the first few told. */
  readonly violations: number;
  /** What was examined, or what broke. */
  readonly detail: string;
  readonly examples: readonly string[];
  /** How many operations had ended when the first violation could be seen; null where it is not tied to a moment. */
  readonly afterOperations: number | null;
}
