// Owns a server that stands in for the coordinator, for tests of the console's page alone: the page under the policy that it is really
// served with, answers that a test may change, and live figures that come when the test says so.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fixtures from './console-fixtures.ts';
import * as standing from './console-standing.ts';
import { atTheEnd } from './end.ts';

const PAGE = new URL('../../src/console/page/', import.meta.url);
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' };

/** @returns what is answered, as JSON; null: nothing ever */
export type Answering = (request: { readonly url: URL; readonly body: unknown }) => Answered | Promise<Answered> | null;
export interface Answered {
  readonly status?: number;
  readonly body: unknown;
}

export interface StandIn {
  readonly url: string;
  /** Answers another way under this method and path, until `reset`. */
  answer(line: string, answering: Answering): void;
  /** As it was in the beginning. */
  reset(): void;
  /** Sends the next second to every listener. */
  tick(): void;
  /** How many listen to the live figures. */
  listeners(): number;
  /** Breaks every stream, and refuses new ones until `reset`. */
  breakStreams(): void;
  /** What was asked so far, as 'GET /path?query'. */
  readonly asked: string[];
}

const USUAL: Readonly<Record<string, () => unknown>> = {
  'GET /console/api/session': () => ({ name: null, mayAct: true }),
  'GET /console/api/overview': standing.overview,
  'GET /console/api/stuck': fixtures.stuck,
  'GET /console/api/due': fixtures.due,
  'GET /console/api/participants': standing.participants,
  [`GET /console/api/transactions/${fixtures.TRANSACTION_ID}`]: fixtures.transactionStory,
  [`GET /v1/transactions/${fixtures.TRANSACTION_ID}`]: fixtures.transaction,
  'GET /v1/transactions': () => ({ items: [fixtures.transaction()], nextCursor: null }),
  [`GET /console/api/stock/${encodeURIComponent(fixtures.SKU)}`]: fixtures.stockStory,
  [`GET /v1/stock/${encodeURIComponent(fixtures.SKU)}/history`]: fixtures.stockHistory,
  'GET /v1/stock': () => ({
    items: [{ sku: fixtures.SKU, available: 47, reserved: 3, deducted: 42, warehouses: [] }],
    nextCursor: null,
  }),
  'GET /v1/operations/hottest': () => ({
    items: [{ sku: fixtures.SKU, warehouse: 'default', reservedPerS: 41.2, triesPerS: 20.6, shortagesPerS: 0 }],
    windowS: 10,
  }),
};

export async function startStandIn(): Promise<StandIn> {
  const answers = new Map<string, Answering>();
  const streams = new Set<ServerResponse>();
  const asked: string[] = [];
  let isBroken = false;
  let second = 0;

  const stream = (response: ServerResponse): void => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    streams.add(response);
    response.once('close', () => streams.delete(response));
    for (let n = 0; n < 90; n += 1) send(response);
  };
  const send = (response: ServerResponse): void => {
    second += 1;
    response.write(`data: ${JSON.stringify(standing.liveSample(second))}\n\n`);
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const line = `${request.method} ${url.pathname}`;
    if (line === 'GET /console') return sendFile(response, 'index.html');
    if (url.pathname.startsWith('/console/assets/')) return sendFile(response, url.pathname.slice('/console/assets/'.length));
    if (line === 'GET /console/api/live') return isBroken ? void response.writeHead(503).end() : stream(response);
    asked.push(`${line}${url.search}`);
    const changed = answers.get(line);
    const usual = USUAL[line];
    const body = await bodyOf(request);
    const made =
      changed === undefined ? (usual === undefined ? notFound(line) : { body: usual() }) : await changed({ url, body });
    if (made === null) return;
    const { status = 200 } = made;
    response.writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' });
    response.end(JSON.stringify(made.body));
  };
  const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTheEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answer: (line, answering) => void answers.set(line, answering),
    reset: () => {
      answers.clear();
      asked.length = 0;
      isBroken = false;
    },
    tick: () => streams.forEach(send),
    listeners: () => streams.size,
    breakStreams: () => {
      isBroken = true;
      for (const response of streams) response.destroy();
    },
  };
}

/** A problem as the service tells it. */
export function problemAnswer(status: number, code: string, detail: string): Answered {
  return {
    status,
    body: { type: `/problems/${code}`, code, status, title: code, detail, retryable: false, traceId: '0'.repeat(32) },
  };
}

function notFound(line: string): Answered {
  return line.startsWith('GET /v1/transactions/') || line.startsWith('GET /console/api/transactions/')
    ? problemAnswer(404, 'unknown-transaction', 'No transaction has this id.')
    : problemAnswer(404, 'not-found', `Nothing stands at ${line}.`);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}

async function sendFile(response: ServerResponse, name: string): Promise<void> {
  const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'content-security-policy': POLICY });
  response.end(await readFile(new URL(name, PAGE)));
}
