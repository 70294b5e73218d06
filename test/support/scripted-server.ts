// Owns a server that does what a test tells it, request by request, faults included, and remembers what it was sent.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** The body, where it is JSON; else an empty object. */
  readonly json: Record<string, unknown>;
  /** By performance.now(). */
  readonly at: number;
}

/** What it does with one request, whose body it has read to its end. */
export type Step = (response: ServerResponse, seen: Seen) => void;

/** Answers with JSON. */
export const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Step =>
  (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

/** Answers with a problem document. */
export const refuse = (status: number, code: string, members: object = {}, headers: Record<string, string> = {}): Step =>
  answer(
    status,
    {
      type: `/problems/${code}`,
      title: code,
      status,
      detail: `It is ${code}.`,
      code,
      retryable: false,
      traceId: 't',
      ...members,
    },
    { 'content-type': 'application/problem+json', ...headers },
  );

/** The request arrived, and its answer never does: the connection is reset. */
export const reset: Step = (response) => {
  response.socket?.resetAndDestroy();
};

/** The connection breaks in the middle of the answer. */
export const breakOff: Step = (response) => {
  response.socket?.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"id":');
};

/** Half an answer that ends in good order: only the JSON shows it. */
export const cutShort: Step = (response) => {
  response.socket?.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n{"id":');
};

/** Holds the connection and says nothing. */
export const hang: Step = () => undefined;

export class ScriptedServer {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #steps: Step[] = [];
  #arrival: () => void = () => undefined;

  /** Registers its end in the suite that calls it. */
  static forSuite(): ScriptedServer {
    const server = new ScriptedServer();
    before(() => server.#start());
    beforeEach(() => {
      server.seen.length = 0;
      server.#steps.length = 0;
    });
    after(() => server.#stop());
    return server;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#take(request, response);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** One step for each request to come; a request beyond them is answered in a way that no client takes for success. */
  script(...steps: readonly Step[]): void {
    this.#steps.push(...steps);
  }

  /** Resolves with the next request that arrives. */
  arrival(): Promise<Seen> {
    return new Promise((resolve) => {
      this.#arrival = () => resolve(this.seen.at(-1) as Seen);
    });
  }

  async #start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async #stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const body = await text(request).catch(() => '');
    const { method = '', url = '', headers } = request;
    const isJson = body !== '' && headers['content-type'] === 'application/json';
    const seen = { method, path: url, headers, text: body, json: isJson ? JSON.parse(body) : {}, at };
    this.seen.push(seen);
    const step = this.#steps.shift() ?? ((unscripted: ServerResponse) => unscripted.writeHead(418).end('not in the script'));
    step(response, seen);
    this.#arrival();
  }
}
