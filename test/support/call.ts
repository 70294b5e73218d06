// Owns one call over HTTP as a caller's program would make it: an answer, or the certainty that none came.
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface CallAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The members that tests look at; empty where the answer was not JSON. */
  readonly body: CallBody;
}

export interface CallBody {
  readonly id?: string;
  readonly state?: string;
  readonly reason?: string | null;
  readonly code?: string;
  readonly detail?: string;
  readonly retryable?: boolean;
  readonly expiresAt?: string;
  readonly status?: string | number;
  readonly postgres?: string;
  readonly redis?: string;
  readonly available?: number;
  readonly reserved?: number;
  readonly deducted?: number;
  readonly items?: readonly { readonly sku: string; readonly quantity: number; readonly state: string }[];
}

/** Longer than anything may take, so that a test fails with its own words and not by the runner's limit. */
const LIMIT_MS = 25_000;

/** @returns null where the connection broke or no answer came: then nothing is known of what became of it */
export async function call(url: string, method: string, path: string, body?: unknown): Promise<CallAnswer | null> {
  const sent = body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  try {
    const response = await fetch(new URL(path, url), { method, ...sent, signal: AbortSignal.timeout(LIMIT_MS) });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return { status: response.status, headers: response.headers, body: isJson ? (JSON.parse(text) as CallBody) : {} };
  } catch {
    return null;
  }
}

/** As call, where no answer is a failure of the test. */
export async function answered(url: string, method: string, path: string, body?: unknown): Promise<CallAnswer> {
  const answer = await call(url, method, path, body);
  if (answer === null) throw new Error(`${method} ${path} was not answered`);
  return answer;
}

/** Status and code or state, in a form that reads well when an expectation fails: '409 invalid-transition', '200 CONFIRMED'. */
export function brief(answer: CallAnswer | null): string {
  if (answer === null) return 'no answer';
  return `${answer.status} ${answer.body.code ?? answer.body.state ?? ''}`.trim();
}

/** Makes a SKU known, with this much of it. */
export async function receive(url: string, sku: string, quantity: number): Promise<void> {
  const answer = await answered(url, 'POST', '/v1/stock/movements', { sku, kind: 'RECEIVE', quantity });
  if (answer.status !== 201) throw new Error(`receiving ${sku} was answered ${brief(answer)}`);
}

/** Asks until it holds. */
export async function until(what: string, holds: () => Promise<boolean>, limitMs = 20_000): Promise<number> {
  const start = performance.now();
  while (!(await holds())) {
    if (performance.now() - start > limitMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - start;
}

/** Sends a whole request and cuts the connection, without waiting for the answer, after so many ms. */
export async function hangUp(url: string, path: string, body: unknown, afterMs: number): Promise<void> {
  const { hostname, port } = new URL(url);
  const text = body === undefined ? '' : JSON.stringify(body);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  await new Promise<void>((resolve) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`;
    socket.write(head + text, () => resolve());
    socket.once('close', () => resolve());
  });
  await delay(afterMs);
  socket.resetAndDestroy();
}
