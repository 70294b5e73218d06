// Owns sending a request until it is answered: what is repeated and what never is, within which time, and what is thrown in the
// end. Every call of the client goes through here.
import {
  type Answered,
  attempt,
  type Body,
  type Exchange,
  type Fetch,
  type Lost,
  pause,
  type Refused,
  unexpectedAnswer,
} from './attempt.ts';
import { HoldfastError, HoldfastUnavailable } from './errors.ts';
import type { CallOptions, Traceparent } from './requests.ts';
import { pauseMs, type RetryPolicy, retryPolicy } from './retry.ts';
import type { Fits } from './shapes.ts';

export interface ClientOptions {
  /** Where the coordinator is, such as `http://127.0.0.1:8080`; a path is kept. */
  readonly url: string | URL;
  /**
   * The API key or token, or where to get it: asked anew for every attempt, and within its time, so a short-lived token stays
   * fresh. What it throws the call throws.
   */
  readonly key?: string | (() => string | Promise<string>) | undefined;
  /** Instead of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  /**
   * For a whole call, in milliseconds: every attempt and every pause. 30,000 without it: it is this, and not the number of attempts,
   * that as a rule bounds how long a coordinator may be away.
   */
  readonly timeoutMs?: number | undefined;
  readonly traceparent?: Traceparent | undefined;
}

/**
 * What a request that may have arrived allows.
 * `freely`: it takes effect once, however often it is sent. `when-refused`: sent again only after an answer that says nothing
 * was done, because a second one would be answered otherwise. `never`: it cannot be sent twice.
 */
export type Repeat = 'freely' | 'when-refused' | 'never';

export interface Call {
  readonly method: Exchange['method'];
  /** Made by `pathOf`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Becomes JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly raw?: { readonly type: string; readonly body: Body };
  readonly repeat: Repeat;
  /** What errors name. */
  readonly ids?: readonly string[];
  /** How long the coordinator was asked to wait; the time limits grow by it. */
  readonly waitSeconds?: number | undefined;
  /** No limit for one attempt: its body is of any length. */
  readonly pace?: 'any';
  /** Whether a 2xx answer's body is one to this call. */
  readonly isAnswer: Fits;
  /** Told before each attempt leaves. */
  readonly onSent?: () => void;
  readonly options: CallOptions;
}

type QueryValue = string | number | boolean | Date | readonly string[] | undefined;

export type Send = (call: Call) => Promise<Answered>;

const DEFAULT_TIMEOUT_MS = 30_000;
/** With less time than this, nothing is sent again: timers may come a millisecond early, and would leave it that. */
const LEAST_ATTEMPT_MS = 10;
const KEY = /^[\x21-\x7e]+$/;

/**
 * @returns what sends a call, and throws HoldfastError, HoldfastUnavailable or the reason of the caller's signal
 * @throws TypeError for a URL that is none, or that holds a password (it is not repeated in the message)
 * @throws RangeError for times and counts that make no sense
 */
export function transport(client: ClientOptions): Send {
  const base = baseOf(client.url);
  const policy = retryPolicy(client.retry);
  const defaultTimeoutMs = positive('timeoutMs', client.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const fetch: Fetch = client.fetch ?? ((input, init) => globalThis.fetch(input, init));

  return async (call) => {
    const { signal } = call.options;
    const waitMs = (call.waitSeconds ?? 0) * 1000;
    const fallbackMs = call.pace === 'any' ? Number.POSITIVE_INFINITY : defaultTimeoutMs + waitMs;
    const deadline = performance.now() + positive('timeoutMs', call.options.timeoutMs ?? fallbackMs);
    const attemptMs = call.pace === 'any' ? Number.POSITIVE_INFINITY : policy.attemptTimeoutMs + waitMs;
    const body = call.raw?.body ?? (call.json === undefined ? undefined : JSON.stringify(call.json));
    const url = base + call.path + queryOf(call.query);
    const prepare = async () => ({ url, method: call.method, headers: await headersOf(client, call), body });
    const onSent = (): void => call.onSent?.();
    let mayHaveArrived = false;
    for (let attempts = 1; ; attempts += 1) {
      const limitMs = Math.min(attemptMs, Math.max(deadline - performance.now(), 0));
      const result = understood(call, await attempt(fetch, prepare, { limitMs, signal, onSent }));
      if (result.kind === 'answered') return result;
      mayHaveArrived ||= mayHaveTakenEffect(result);
      const waitForMs = pauseMs(policy, attempts, result.retryAfterMs, Math.random());
      const isInTime = performance.now() + waitForMs + LEAST_ATTEMPT_MS < deadline;
      if (attempts >= policy.attempts || !isInTime || !mayRepeat(call.repeat, result)) {
        throw failureOf(result, call, base, attempts, mayHaveArrived);
      }
      await pause(waitForMs, signal);
    }
  };
}

/**
 * A path with its variable parts percent-encoded. An empty part, or one of dots, would be another path.
 * @throws TypeError for such a part
 */
export function pathOf(strings: TemplateStringsArray, ...parts: readonly string[]): string {
  const encoded = parts.map((part) => {
    if (part === '' || part === '.' || part === '..') throw new TypeError(`${JSON.stringify(part)} names nothing.`);
    return encodeURIComponent(part);
  });
  return String.raw({ raw: strings }, ...encoded);
}

function understood({ isAnswer }: Call, result: Answered | Refused | Lost): Answered | Refused | Lost {
  return result.kind !== 'answered' || isAnswer(result.body) ? result : unexpectedAnswer(result.status);
}

function mayRepeat(repeat: Repeat, result: Refused | Lost): boolean {
  const isWorthIt = result.kind === 'lost' ? result.advice === 'again' : result.problem.retryable === true;
  if (repeat === 'freely') return isWorthIt;
  return repeat === 'when-refused' && isWorthIt && !mayHaveTakenEffect(result);
}

/** Of the problems, those that say a fault came in between, rather than a refusal. */
function mayHaveTakenEffect(result: Refused | Lost): boolean {
  if (result.kind === 'lost') return result.isSent;
  return result.problem.code === 'database-unavailable' || result.problem.code === 'internal-error';
}

function failureOf(result: Refused | Lost, call: Call, base: string, attempts: number, mayHaveArrived: boolean): Error {
  const ids = call.ids ?? [];
  const outcome = mayHaveArrived ? 'unknown' : 'nothing-done';
  if (result.kind === 'refused') {
    return new HoldfastError(result.problem, { status: result.status, ids, outcome });
  }
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const message = `${call.method} ${call.path}: no answer from ${new URL(base).origin} after ${tries}: ${result.reason}.`;
  return new HoldfastUnavailable(message, { failure: result.failure, attempts, ids, outcome }, result.cause);
}

async function headersOf(client: ClientOptions, call: Call): Promise<Record<string, string>> {
  const headers: Record<string, string> = { accept: 'application/json, application/problem+json', ...call.headers };
  if (call.raw !== undefined) headers['content-type'] = call.raw.type;
  else if (call.json !== undefined) headers['content-type'] = 'application/json';
  const key = typeof client.key === 'function' ? await client.key() : client.key;
  // fetch would refuse it too, and repeat it in its message.
  if (key !== undefined && !KEY.test(key)) throw new TypeError('key holds characters that a header cannot carry.');
  if (key !== undefined) headers.authorization = `Bearer ${key}`;
  const source = call.options.traceparent ?? client.traceparent;
  const traceparent = typeof source === 'function' ? source() : source;
  if (traceparent !== undefined) headers.traceparent = traceparent;
  // What no header can carry is the caller's mistake; fetch would throw it as if the connection had failed.
  new Headers(headers);
  return headers;
}

function queryOf(query: Readonly<Record<string, QueryValue>> = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    const values = Array.isArray(value) ? value : [value instanceof Date ? value.toISOString() : String(value)];
    for (const one of values) parameters.append(name, one);
  }
  return parameters.size === 0 ? '' : `?${parameters}`;
}

function baseOf(given: string | URL): string {
  if (!URL.canParse(String(given))) throw new TypeError('url must be a URL, such as http://127.0.0.1:8080.');
  const { protocol, origin, pathname, username, password } = new URL(given);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError('url must begin with http:// or https://.');
  if (username !== '' || password !== '') throw new TypeError('url must not hold a password; give the key as `key`.');
  return origin + pathname.replace(/\/+$/, '');
}

function positive(name: string, value: number): number {
  if (!(value > 0)) throw new RangeError(`${name} must be more than 0.`);
  return value;
}
