// Owns talking to a running coordinator over HTTP: one request per connection, answers bounded and checked, and every way it can
// fail turned into a sentence and an exit code.
import { type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Readable } from 'node:stream';
import { SETTINGS } from '../settings.ts';
import { EXIT, type ExitCode, Failure, reasonOf } from './failure.ts';
import { secretOf } from './secret.ts';

/** How long a connection may stand still. An import waits longer: the coordinator itself waits 30 s for a busy database. */
const READ_IDLE_MS = 30_000;
const IMPORT_IDLE_MS = 120_000;
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Clocks that differ by less are the same: the Date header counts whole seconds. */
const SAME_CLOCK_MS = 3_000;

export interface Answer {
  /** The JSON as it came, not looked into. */
  readonly body: unknown;
  /** The coordinator's idea of now: what is due is due by its clock. */
  readonly nowMs: number;
}

/**
 * The coordinator's address, from the option, else the environment, else the default.
 * @throws Failure for wrong usage; it never repeats the URL, which may hold a password
 */
export function coordinatorUrl(option: string | undefined, env: NodeJS.ProcessEnv): URL {
  const { name, pattern, form, fallback } = SETTINGS.coordinatorUrl;
  const text = option ?? secretOf(env, name) ?? fallback;
  if (!pattern.test(text) || !URL.canParse(text)) {
    throw new Failure(EXIT.usage, `${option === undefined ? name : '--url'} must be ${form}.`);
  }
  return new URL(text);
}

/**
 * The key of the environment: a command line is seen by every user of the machine.
 * @throws Failure that never repeats it
 */
export function coordinatorKey(env: NodeJS.ProcessEnv): string | null {
  const { name, pattern, form } = SETTINGS.key;
  const text = env[name] || null;
  if (text !== null && !pattern.test(text)) throw new Failure(EXIT.usage, `${name} must be ${form}.`);
  return text;
}

export class CoordinatorClient {
  readonly #base: URL;
  readonly #key: string | null;

  /** @param key what it shows the coordinator; null where that has no authentication */
  constructor(base: URL, key: string | null = null) {
    this.#base = base;
    this.#key = key;
  }

  /**
   * Reads.
   * @param path with its parts percent-encoded
   * @throws Failure
   */
  get(path: string): Promise<Answer> {
    return this.#ask(path, { method: 'GET', timeout: READ_IDLE_MS }, EXIT.usage, (request) => request.end());
  }

  /**
   * Sends a body of any length, and stops sending where the answer comes before its end.
   * @param destroyed in the end
   * @throws Failure
   */
  post(path: string, contentType: string, body: Readable): Promise<Answer> {
    const options = { method: 'POST', timeout: IMPORT_IDLE_MS, headers: { 'content-type': contentType } };
    return this.#ask(path, options, EXIT.failed, (request) => {
      body.on('error', (error) => request.destroy(new Failure(EXIT.failed, `What is sent cannot be read: ${reasonOf(error)}.`)));
      request.once('response', () => body.unpipe(request));
      body.pipe(request);
    }).finally(() => body.destroy());
  }

  /** @param whenInvalid what it is when the coordinator finds the request invalid: the arguments were wrong, or a file was */
  async #ask(
    path: string,
    options: RequestOptions,
    whenInvalid: ExitCode,
    send: (request: ClientRequest) => void,
  ): Promise<Answer> {
    const { status, text, date } = await this.#exchange(path, options, send);
    const body = parseJson(text);
    if (status === 200 && body !== undefined) return { body, nowMs: nowBy(date) };
    throw this.#failureOf(status, body, whenInvalid);
  }

  #exchange(path: string, options: RequestOptions, send: (request: ClientRequest) => void): Promise<Exchange> {
    const { protocol, hostname, port, pathname } = this.#base;
    const request = (protocol === 'https:' ? requestHttps : requestHttp)({
      ...options,
      // A literal IPv6 address stands in brackets in a URL, and without them here.
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? undefined : Number(port),
      // Written out rather than resolved against the base: resolving would swallow a SKU that looks like "..".
      path: pathname.replace(/\/+$/, '') + path,
      headers: {
        accept: 'application/json, application/problem+json',
        ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
        ...options.headers,
      },
      agent: false,
    });
    return new Promise<Exchange>((resolve, reject) => {
      const fail = (error: unknown): void => reject(error instanceof Failure ? error : this.#unreachable(reasonOf(error)));
      let answered = false;
      request.once('response', (response) => {
        answered = true;
        read(response).then(resolve, fail);
      });
      // Once there is an answer, it says why the coordinator stopped listening better than a broken pipe does.
      request.on('error', (error) => answered || fail(error));
      request.once('timeout', () => {
        const silent = this.#unreachable(`nothing moved for ${(options.timeout ?? 0) / 1000} s`);
        fail(silent);
        request.destroy(silent);
      });
      send(request);
    }).finally(() => request.destroy());
  }

  #unreachable(reason: string): Failure {
    return new Failure(EXIT.unreachable, `The coordinator at ${this.#base.origin} cannot be reached: ${reason}.`);
  }

  #failureOf(status: number, body: unknown, whenInvalid: ExitCode): Failure {
    const problem = problemOf(body);
    if (problem === null) {
      // What stands between (a proxy, a load balancer) answers so for a coordinator that is away.
      if (status === 502 || status === 503 || status === 504) return this.#unreachable(`HTTP status ${status}`);
      const answer = `${this.#base.origin} answered with status ${status} and not as a coordinator does; is the URL right?`;
      return new Failure(EXIT.failed, answer);
    }
    const message = `${problem.detail} [${problem.code}]`;
    if (status === 401) return new Failure(EXIT.failed, `${message}: set ${SETTINGS.key.name}`);
    if (status === 503) return new Failure(EXIT.unreachable, message);
    if (problem.code === 'unknown-sku' || problem.code === 'unknown-transaction') return new Failure(EXIT.notFound, message);
    return new Failure(problem.code === 'invalid-request' ? whenInvalid : EXIT.failed, message);
  }
}

interface Exchange {
  readonly status: number;
  readonly text: string;
  readonly date: string | undefined;
}

async function read(response: IncomingMessage): Promise<Exchange> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Failure(EXIT.failed, `The answer is longer than ${MAX_ANSWER_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return { status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8'), date: response.headers.date };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf(body: unknown): { readonly code: string; readonly detail: string } | null {
  if (typeof body !== 'object' || body === null || !('code' in body) || !('detail' in body)) return null;
  const { code, detail } = body;
  return typeof code === 'string' && typeof detail === 'string' ? { code, detail } : null;
}

function nowBy(date: string | undefined): number {
  const here = Date.now();
  const there = Date.parse(date ?? '');
  return Number.isNaN(there) || Math.abs(there - here) < SAME_CLOCK_MS ? here : there;
}
