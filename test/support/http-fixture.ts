// Owns the service as contract tests call it: the real application on a real socket, the ports behind it in memory.
import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Writable } from 'node:stream';
import { expect } from 'chai';
import { OPEN_GATE } from '../../src/access/gate.ts';
import { Watch } from '../../src/coordinator/watch.ts';
import { type AppOptions, createApp, type Readiness } from '../../src/http/app.ts';
import { SILENT } from '../../src/http/observer.ts';
import { createHttpServer, type HttpServerOptions } from '../../src/http/server.ts';
import { createLog } from '../../src/runtime/log.ts';
import { expectAnswerToMatch, type OpenApiDocument } from './openapi.ts';
import { PortFake } from './port-fake.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed where it is JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests reach into answers of every shape
  readonly body: any;
}

export interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>;
}

/** No gate, and nothing behind it: keys and the audit have real ports in the tests that are about them. */
const notHere = (): Promise<never> => Promise.reject(new Error('there are no keys and no audit here'));
export const NO_ACCESS: AppOptions['access'] = {
  gate: OPEN_GATE,
  keys: { usable: notHere, create: notHere, adopt: notHere, rotate: notHere, revoke: notHere, list: notHere },
  audit: { record: async () => {}, list: notHere },
  keysChanged: async () => {},
};

/** Starts before, stops after; `port` is fresh for each test. Every answer is held against the OpenAPI document. */
export class HttpFixture {
  port = new PortFake();
  readiness: Readiness = { postgres: 'up', redis: 'up' };
  isDraining = false;
  base = '';
  portNumber = 0;
  readonly logged: {
    readonly level: number;
    readonly msg: string;
    readonly traceId?: string;
    readonly request_id?: string;
    readonly path?: string;
    readonly transactionId?: string;
  }[] = [];
  /** Looks at the port often, as nobody tells it. */
  readonly watch = new Watch({
    read: (ids) => this.port.transactionsById(ids),
    intervalMs: 5,
    onFault: (error) => this.logged.push({ level: 40, msg: String(error) }),
  });
  #server: Server | null = null;
  #openapi: OpenApiDocument | null = null;

  /** Registers the hooks in the suite that calls it. */
  static forSuite(serverOptions: HttpServerOptions = {}, appOptions: Partial<AppOptions> = {}): HttpFixture {
    const fixture = new HttpFixture();
    before(() => fixture.start(serverOptions, appOptions));
    beforeEach(() => fixture.reset());
    after(() => fixture.stop());
    return fixture;
  }

  async start(serverOptions: HttpServerOptions, appOptions: Partial<AppOptions>): Promise<void> {
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        this.logged.push(JSON.parse(chunk.toString()));
        done();
      },
    });
    const app = createApp({
      access: NO_ACCESS,
      coordinator: { submit: (command) => this.port.submit(command) },
      queries: queriesOf(() => this.port),
      watch: this.watch,
      readiness: async () => this.readiness,
      observer: SILENT,
      metrics: async () => ({ type: 'text/plain; version=0.0.4; charset=utf-8', text: '' }),
      hottest: async () => ({ items: [], windowS: 10 }),
      log: createLog('info', sink),
      isDraining: () => this.isDraining,
      addressRefusedIn: () => null,
      ...appOptions,
    });
    const server = createHttpServer((request, response, done) => app(request as never, response as never, done), serverOptions);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.portNumber = (server.address() as AddressInfo).port;
    this.base = `http://127.0.0.1:${this.portNumber}`;
    this.#openapi = (await (await fetch(`${this.base}/openapi.json`)).json()) as OpenApiDocument;
  }

  reset(): void {
    this.port = new PortFake();
    this.readiness = { postgres: 'up', redis: 'up' };
    this.isDraining = false;
    this.logged.length = 0;
  }

  async stop(): Promise<void> {
    this.watch.close();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  /** Calls, reads the answer whole, and holds it against the document. */
  async call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...options.headers };
    const payload = options.raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const hasType = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
    if (payload !== undefined && !hasType && options.raw === undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.base + path, {
      method,
      headers,
      ...(payload === undefined ? {} : { body: payload }),
      redirect: 'manual',
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    const parsed = text === '' ? undefined : isJson ? JSON.parse(text) : text;
    expectGuardedData(response.headers, (response.headers.get('content-type') ?? '').startsWith('text/html'));
    if (this.#openapi !== null) expectAnswerToMatch(this.#openapi, method, path, response.status, parsed);
    return { status: response.status, headers: response.headers, body: parsed };
  }

  /** Calls and expects a problem of this status and code. */
  async refused(
    status: number,
    code: string,
    method: string,
    path: string,
    body?: unknown,
    options: CallOptions = {},
  ): Promise<Answer> {
    const answer = await this.call(method, path, body, options);
    expect([answer.status, answer.body?.code], JSON.stringify(answer.body)).to.deep.equal([status, code]);
    expectProblem(answer);
    return answer;
  }

  /** Sends bytes as they are and reads until the other side closes, or for `waitMs`. */
  async raw(bytes: string | Buffer, waitMs = 2_000): Promise<string> {
    const socket = connect(this.portNumber, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.write(bytes);
    await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, waitMs))]);
    socket.destroy();
    return text;
  }

  expectNothingAtErrorLevel(): void {
    expect(this.logged.filter((line) => line.level >= 50)).to.deep.equal([]);
  }
}

const GUARDS = {
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'x-powered-by': null,
  'strict-transport-security': null,
};

/** What every answer has, whatever it says; over plain HTTP. A page has a policy of its own besides. */
export function expectGuardedData(headers: Headers, isPage = false): void {
  const policy = headers.get('content-security-policy');
  if (isPage)
    expect(policy)
      .to.match(/^default-src 'none';/)
      .and.not.match(/unsafe|\*/);
  else expect(policy).to.equal("default-src 'none';frame-ancestors 'none'");
  for (const [name, value] of Object.entries(GUARDS)) expect(headers.get(name), name).to.equal(value);
}

/** What every problem has in common (RFC 9457 and the contract, section 5). */
export function expectProblem(answer: Answer): void {
  const { body } = answer;
  expect(answer.headers.get('content-type')).to.match(/^application\/problem\+json/);
  expect(body.type).to.equal(`/problems/${body.code}`);
  expect(body.status).to.equal(answer.status);
  expect(body.title).to.be.a('string').and.not.equal('');
  expect(body.detail).to.be.a('string').and.not.equal('');
  expect(body.retryable).to.be.a('boolean');
  expect(body.traceId).to.match(/^[0-9a-f]{32}$/);
  if (answer.status === 503) expect(answer.headers.get('retry-after')).to.equal('1');
}

function queriesOf(port: () => PortFake): AppOptions['queries'] {
  return {
    transaction: (id) => port().transaction(id),
    transactions: (filter, limit, after) => port().transactions(filter, limit, after),
    transactionsById: (ids) => port().transactionsById(ids),
    participants: (name) => port().participants(name),
    stock: (sku) => port().stock(sku),
    stocks: (filter, limit, after) => port().stocks(filter, limit, after),
    stockHistory: (sku, warehouse, limit, after) => port().stockHistory(sku, warehouse, limit, after),
    ping: () => port().ping(),
  };
}
