// Owns a call of the coordinator as a value: its form, and the check of what came in against it.

export type Phase = 'try' | 'confirm' | 'cancel';

/** What the coordinator asks of this participant. */
export interface Call<Payload = unknown> {
  /** A UUID, in lower case. */
  readonly transactionId: string;
  /** A UUID, in lower case: one use of this participant by one transaction. The key for whatever the Try holds. */
  readonly branchId: string;
  /** The name under which the coordinator knows this participant. */
  readonly participant: string;
  readonly phase: Phase;
  /** The coordinator's count of its attempts in this phase, from 1. */
  readonly attempt: number;
  /** When the transaction is cancelled unless it is decided before. For information: never release by yourself. */
  readonly expiresAt: Date;
  /** What the caller of the transaction gave for this branch: the same in every phase. */
  readonly payload: Payload;
  /** The trace that the transaction belongs to (W3C Trace Context), to pass on; null where there is none. */
  readonly traceparent: string | null;
}

export interface CallHeaders {
  readonly idempotencyKey: string | undefined;
  readonly traceparent: string | undefined;
}

/** The request is no call of this phase; the message says why, and can be shown to whoever sent it. */
export class BadCall extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadCall';
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/;

/**
 * Members that are not known are passed over: a newer coordinator may say more.
 * @param phase that the path names
 * @throws BadCall
 */
export function callOf(phase: Phase, body: unknown, headers: CallHeaders): Call {
  if (!isObject(body)) throw new BadCall('The body must be a JSON object, with Content-Type: application/json.');
  if (body.phase !== phase) throw new BadCall(`phase must be "${phase}" here.`);
  const branchId = uuid(body, 'branchId');
  const key = headers.idempotencyKey;
  if (key !== undefined && key.toLowerCase() !== `${branchId}:${phase}`) {
    throw new BadCall('The header Idempotency-Key must be <branchId>:<phase>.');
  }
  return {
    transactionId: uuid(body, 'transactionId'),
    branchId,
    participant: name(body.participant),
    phase,
    attempt: attempt(body.attempt),
    expiresAt: moment(body.expiresAt),
    payload: body.payload ?? null,
    traceparent: headers.traceparent !== undefined && TRACEPARENT.test(headers.traceparent) ? headers.traceparent : null,
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

function uuid(body: Readonly<Record<string, unknown>>, member: 'transactionId' | 'branchId'): string {
  const value = body[member];
  if (typeof value !== 'string' || !UUID.test(value)) throw new BadCall(`${member} must be a UUID.`);
  return value.toLowerCase();
}

function name(value: unknown): string {
  if (typeof value !== 'string' || value === '') throw new BadCall('participant must be a name.');
  return value;
}

function attempt(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new BadCall('attempt must be an integer from 1.');
  }
  return value;
}

function moment(value: unknown): Date {
  const date = new Date(typeof value === 'string' ? value : Number.NaN);
  if (Number.isNaN(date.getTime())) throw new BadCall('expiresAt must be a moment such as 2026-11-22T08:15:00.000Z.');
  return date;
}
