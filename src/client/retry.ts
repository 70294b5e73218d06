// Owns when to try again: how long the pauses are, and what Retry-After says. Pure.

export interface RetryPolicy {
  /** How often a request is sent at most, the first time included; as a rule the call's `timeoutMs` ends it before. */
  readonly attempts: number;
  /** The pause after the first failure, in milliseconds; it doubles with each. */
  readonly initialMs: number;
  /** No pause is longer, in milliseconds, unless Retry-After asks for it. */
  readonly maxMs: number;
  /** How long one attempt may take, in milliseconds, besides what the coordinator was asked to wait. */
  readonly attemptTimeoutMs: number;
}

/** The pauses add up to 15 s at least, so that a coordinator may be started again meanwhile; `timeoutMs` is what ends a call. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 11, initialMs: 200, maxMs: 5_000, attemptTimeoutMs: 10_000 };

/** So that callers who were told the same Retry-After do not all come back in the same instant. */
const SPREAD = 0.2;

/**
 * Fills in the defaults.
 * @throws RangeError where a number makes no sense
 */
export function retryPolicy(wanted: Partial<RetryPolicy> | undefined): RetryPolicy {
  const policy = { ...DEFAULT_RETRY, ...wanted };
  if (!Number.isInteger(policy.attempts) || policy.attempts < 1) throw new RangeError('retry.attempts must be 1 or more.');
  for (const name of ['initialMs', 'maxMs', 'attemptTimeoutMs'] as const) {
    if (!(policy[name] > 0)) throw new RangeError(`retry.${name} must be more than 0.`);
  }
  return policy;
}

/**
 * The pause before the next attempt: between half and all of the doubled time, and never before Retry-After.
 * @param failures how many attempts failed so far, from 1
 * @param retryAfterMs null where the answer did not say
 * @param random from 0 to 1
 * @returns milliseconds
 */
export function pauseMs(policy: RetryPolicy, failures: number, retryAfterMs: number | null, random: number): number {
  const fullMs = Math.min(policy.maxMs, policy.initialMs * 2 ** (failures - 1));
  const backoffMs = fullMs * (0.5 + random / 2);
  return retryAfterMs === null ? backoffMs : Math.max(backoffMs, retryAfterMs * (1 + SPREAD * random));
}

/**
 * What Retry-After says (RFC 9110, 10.2.3): seconds, or an HTTP date, taken against the answer's own Date where it has one,
 * because the clock here may be wrong.
 * @param nowMs by the clock here, since 1970
 * @returns milliseconds from now, 0 where the moment has passed; null where the header is missing or malformed
 */
export function readRetryAfter(headers: Headers, nowMs: number): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const moment = readHttpDate(text);
  if (moment === null) return null;
  return Math.max(0, moment - (readHttpDate(headers.get('date') ?? '') ?? nowMs));
}

function readHttpDate(text: string): number | null {
  const moment = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(moment) ? null : moment;
}
