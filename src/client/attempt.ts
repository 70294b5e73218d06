// Owns one exchange with the coordinator: sent once, read to its end, bounded in time, and told apart into an answer, a problem
// or a loss.
import type { Failure, ProblemDocument } from './errors.ts';
import { readRetryAfter } from './retry.ts';
import { isObject, isProblem } from './shapes.ts';

export type Fetch = typeof globalThis.fetch;

/** JSON is text here already; a stream can be sent once only. */
export type Body = string | Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

export interface Exchange {
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Body | undefined;
}

export interface Answered {
  readonly kind: 'answered';
  readonly status: number;
  readonly headers: Headers;
  /** Undefined where the answer has no body. */
  readonly body: unknown;
}

export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  readonly problem: ProblemDocument;
  readonly retryAfterMs: number | null;
}

export interface Lost {
  readonly kind: 'lost';
  readonly failure: Failure;
  /** Whether it can have arrived. */
  readonly isSent: boolean;
  /** `again`: another attempt may fare better; `never`: whatever answers there is no coordinator. */
  readonly advice: 'again' | 'never';
  readonly reason: string;
  readonly cause: unknown;
  readonly retryAfterMs: number | null;
}

/** setTimeout takes no more, and fires at once where it is given more. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** What proxies and load balancers say of a coordinator that is away, or of a caller who is too eager. */
const STATUSES_IN_BETWEEN = [408, 429, 502, 503, 504];

export interface AttemptLimits {
  /** For the whole of it, in milliseconds. */
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
  /** Told right before anything leaves: until then nothing can have taken effect. */
  readonly onSent: () => void;
}

/**
 * Sends once.
 * @param prepare makes what is sent; its time counts, because it may ask somebody for a key
 * @throws the reason of the caller's signal, or what `prepare` throws: then nothing was sent
 */
export async function attempt(
  fetch: Fetch,
  prepare: () => Promise<Exchange>,
  { limitMs, signal, onSent }: AttemptLimits,
): Promise<Answered | Refused | Lost> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const timer = setTimeout(stop, Math.min(limitMs, MAX_TIMER_MS));
  signal?.addEventListener('abort', stop);
  const within = `within ${Math.round(limitMs)} ms`;
  try {
    const exchange = await unlessAborted(prepare(), controller.signal);
    signal?.throwIfAborted();
    if (exchange === null) return { ...lost('timeout', 'again', `it had no key ${within}`, undefined), isSent: false };
    onSent();
    return await send(fetch, exchange, controller.signal).catch((error: unknown) => {
      signal?.throwIfAborted();
      if (controller.signal.aborted) return lost('timeout', 'again', `no answer ${within}`, error);
      return lost('connection', 'again', reasonOf(error), error);
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

async function send(
  fetch: Fetch,
  { url, method, headers, body }: Exchange,
  signal: AbortSignal,
): Promise<Answered | Refused | Lost> {
  // A redirect would turn a POST into a GET, and carry the key elsewhere.
  const shared = { method, headers, redirect: 'manual', signal } as const;
  const streaming = body instanceof ReadableStream ? { duplex: 'half' as const } : {};
  const response = await fetch(url, body === undefined ? shared : { ...shared, ...streaming, body });
  return tellApart(response, await response.text());
}

/** @returns null where the signal came first; what becomes of the work then is of no interest */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  const ended = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
  return Promise.race([work, ended]);
}

/**
 * Waits.
 * @param ms milliseconds
 * @throws the reason of the signal, as soon as it is given
 */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      },
      Math.min(ms, MAX_TIMER_MS),
    );
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}

function tellApart(response: Response, text: string): Answered | Refused | Lost {
  const { status, headers } = response;
  const retryAfterMs = readRetryAfter(headers, Date.now());
  const body = parseJson(text);
  if (response.ok && (text === '' || isObject(body))) {
    return { kind: 'answered', status, headers, body: text === '' ? undefined : body };
  }
  if (!response.ok && isProblem(body)) return { kind: 'refused', status, problem: body, retryAfterMs };
  // JSON that does not parse was cut off on its way; anything else never was an answer of the coordinator's.
  const isCut = body === undefined && (headers.get('content-type') ?? '').includes('json');
  const advice = isCut || STATUSES_IN_BETWEEN.includes(status) ? 'again' : 'never';
  const reason = isCut ? 'the answer was cut off' : `status ${status}, and not as a coordinator answers`;
  return { ...lost('unexpected-answer', advice, reason, undefined), retryAfterMs };
}

/** An answer that is none to what was asked. */
export function unexpectedAnswer(status: number): Lost {
  return lost('unexpected-answer', 'never', `status ${status}, and not as a coordinator answers`, undefined);
}

function lost(failure: Failure, advice: Lost['advice'], reason: string, cause: unknown): Lost {
  return { kind: 'lost', failure, isSent: true, advice, reason, cause, retryAfterMs: null };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** fetch says "fetch failed" and hides the reason in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
