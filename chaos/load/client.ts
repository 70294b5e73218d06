// Owns sending one request to one coordinator, and the record of what became of it.
import { Agent } from 'undici';
import type { Asked, OperationKind, OperationRecord, Outcome } from '../record.ts';

/** What is to be sent, to whichever coordinator. */
export interface Question {
  readonly kind: OperationKind;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object | null;
  readonly transactionId: string | null;
  readonly asked: Asked;
}

export interface Reply {
  readonly outcome: Outcome;
  readonly etag: string | null;
}

export interface Client {
  /**
   * Never rejects: what goes wrong is an outcome.
   * @param limitMs how long the caller waits
   */
  ask(instance: number, question: Question, limitMs: number): Promise<Reply>;
  /** Whoever waits is told nothing any more. */
  abort(): void;
  close(): Promise<void>;
}

const CONNECT_LIMIT_MS = 2_000;
const KEEP_ALIVE_MS = 4_000;
const MOST_TEXT = 200;

export interface ClientOptions {
  /** Where each coordinator is asked, by its index. */
  readonly urls: readonly string[];
  /** To each coordinator; null for as many as it takes. */
  readonly connections: number | null;
  readonly isFlood: boolean;
  /** Counts what is sent, over all clients of a run. */
  nextNumber(): number;
  record(operation: OperationRecord): void;
}

export function createClient({ urls, connections, isFlood, nextNumber, record }: ClientOptions): Client {
  const agents = urls.map(
    () => new Agent({ connections, pipelining: 1, keepAliveTimeout: KEEP_ALIVE_MS, connect: { timeout: CONNECT_LIMIT_MS } }),
  );
  const aborted = new AbortController();
  return {
    ask: async (instance, question, limitMs) => {
      const [agent, origin] = [agents[instance], urls[instance]];
      if (agent === undefined || origin === undefined) throw new RangeError(`there is no coordinator ${instance}`);
      const { kind, transactionId, asked } = question;
      const number = nextNumber();
      const sentMs = Date.now();
      const reply = await send(agent, origin, question, limitMs, aborted.signal);
      record({
        type: 'operation',
        number,
        kind,
        instance,
        transactionId: transactionId ?? idIn(kind, reply.outcome),
        isFlood,
        asked,
        sentMs,
        endedMs: Date.now(),
        outcome: reply.outcome,
      });
      return reply;
    },
    abort: () => aborted.abort(),
    close: async () => {
      aborted.abort();
      await Promise.all(agents.map((agent) => agent.destroy()));
    },
  };
}

async function send(
  agent: Agent,
  origin: string,
  { method, path, headers, body }: Question,
  limitMs: number,
  aborted: AbortSignal,
): Promise<Reply> {
  const begunMs = performance.now();
  // One controller and one timer: AbortSignal.any() and timeout() keep what they made until the collector comes.
  const late = new AbortController();
  const abort = (): void => late.abort();
  const timer = setTimeout(abort, limitMs);
  aborted.addEventListener('abort', abort, { once: true });
  try {
    const response = await agent.request({
      origin,
      path,
      method,
      headers: body === null ? headers : { ...headers, 'content-type': 'application/json' },
      body: body === null ? null : JSON.stringify(body),
      signal: late.signal,
    });
    const text = await response.body.text();
    const etag = headerOf(response.headers.etag);
    return { outcome: outcomeOf(response.statusCode, response.headers, text), etag };
  } catch (error) {
    const why = late.signal.aborted ? `gave up after ${Math.round(performance.now() - begunMs)} ms` : wordsOf(error);
    return { outcome: { kind: 'unknown', why }, etag: null };
  } finally {
    clearTimeout(timer);
    aborted.removeEventListener('abort', abort);
  }
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

function outcomeOf(status: number, headers: Headers, text: string): Outcome {
  const body = parse(text);
  // The history of a transaction is derived from the rows, which are read anyway.
  if (body !== null) delete body.history;
  const retryAfter = headerOf(headers['retry-after']);
  return {
    kind: 'answer',
    status,
    code: typeof body?.code === 'string' ? body.code : null,
    replayed: headerOf(headers['idempotent-replayed']) === 'true',
    retryAfter: retryAfter === null ? null : Number(retryAfter),
    // A whole answer that is no JSON is an answer all the same, and no legal one.
    body: body ?? { noJson: text.slice(0, MOST_TEXT) },
  };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function headerOf(value: string | string[] | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

/** Of a Try whose id the server made. */
function idIn(kind: OperationKind, outcome: Outcome): string | null {
  if (kind !== 'try' || outcome.kind !== 'answer' || outcome.status >= 300) return null;
  const { id } = outcome.body as { readonly id?: unknown };
  return typeof id === 'string' ? id : null;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : `${code}: ${error.message}`;
}
