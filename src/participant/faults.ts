// Owns what can go wrong in a call, and what each failure means: repeat, ask again, unavailable, or a fault in the service.
import type { Call, Phase } from './call.ts';

/** What `onFault` is told. */
export interface ParticipantFault {
  /**
   * - handler: one of the author's handlers failed; answered 500, and the coordinator asks again
   * - database: PostgreSQL could not be used, which is answered 503, or the call took longer than it may, which is answered 500
   * - contradiction: the calls do not fit together (a Confirm without Try, or after a Cancel, or the reverse); answered 409.
   *   It must never happen: an operator settled a branch by hand, a backup was restored, or rows were removed
   * - signature: it could not be checked who sent a call, because the application had read its body; answered 500
   * - cleaning: old rows could not be removed; it is tried again later
   */
  readonly kind: 'handler' | 'database' | 'contradiction' | 'signature' | 'cleaning';
  readonly message: string;
  /** Null for contradictions. */
  readonly error: unknown;
  /** Null where it belongs to no call. */
  readonly call: { readonly transactionId: string; readonly branchId: string; readonly phase: Phase } | null;
}

export type OnFault = (fault: ParticipantFault) => void;

/** The author's code threw, or left its transaction broken. */
export class HandlerFailure extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'HandlerFailure';
  }
}

/** The call took longer than it may: whatever it did is rolled back. */
export class TooSlow extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TooSlow';
  }
}

/** PostgreSQL was not to be had: no connection came free, or the one that the call had broke. */
export class NoDatabase extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'NoDatabase';
  }
}

/** A row went away between two looks at it; the whole call starts again. */
export class Changed extends Error {
  constructor() {
    super('the branch changed under the call');
    this.name = 'Changed';
  }
}

/**
 * - repeat: PostgreSQL asks to run the transaction again
 * - busy: another call on the same branch is still at work
 * - unavailable: PostgreSQL was not to be had; whoever calls takes it for nobody there
 * - fault: something is wrong in the service, which is there
 */
export type Meaning = 'repeat' | 'busy' | 'unavailable' | 'fault';

const LOCK_NOT_AVAILABLE = '55P03';
/** serialization_failure and deadlock_detected: the latter by locks that the handlers take. */
const REPEATABLE = new Set(['40001', '40P01']);
/** 08: connection, 53: resources, 57: operator intervention and shutdown, 25P03: idle in transaction too long, 25006: standby. */
const UNAVAILABLE = /^(?:08...|53...|57...|25P03|25006)$/;
/** What the system says of a connection: ECONNREFUSED and the like, and nothing that Node itself finds wrong (ERR_…). */
const SYSTEM = /^E(?!RR_)[A-Z]+$/;

export function meaningOf(error: unknown): Meaning {
  if (error instanceof Changed) return 'repeat';
  if (error instanceof TooSlow) return 'fault';
  if (error instanceof NoDatabase) return 'unavailable';
  // What a handler waited for in vain is its own affair: a lock, or a service behind it. This service is there, and says so.
  if (error instanceof HandlerFailure) return REPEATABLE.has(codeOf(error.cause) ?? '') ? 'repeat' : 'fault';
  const code = codeOf(error);
  // pg reports a connection that broke as an error without code.
  if (code === null) return error instanceof TypeError ? 'fault' : 'unavailable';
  if (REPEATABLE.has(code)) return 'repeat';
  if (code === LOCK_NOT_AVAILABLE) return 'busy';
  return UNAVAILABLE.test(code) || SYSTEM.test(code) ? 'unavailable' : 'fault';
}

/** Words for whoever reads the log; a missing table is what is met first, and has a remedy. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const isBarrierMissing = !(error instanceof HandlerFailure) && codeOf(error) === '42P01';
  return isBarrierMissing ? `${message}: call ensureBarrier(pool) at the start, or create it by a migration` : message;
}

/** Calls `onFault`; what it throws must not change the answer. */
export function report(onFault: OnFault, fault: Omit<ParticipantFault, 'call'>, call: Call | null): void {
  const about = call === null ? null : { transactionId: call.transactionId, branchId: call.branchId, phase: call.phase };
  try {
    onFault({ ...fault, call: about });
  } catch (error) {
    console.error('holdfast participant: onFault threw', error);
  }
}

/** Where nobody listens, faults go to stderr. */
export function logFault(fault: ParticipantFault): void {
  console.error(`holdfast participant: ${fault.kind}: ${fault.message}`, fault.call ?? '', fault.error ?? '');
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
