// Owns the wire between the coordinator and the payment service: it passes everything on, until it is told to break at the one
// moment that hurts, when a call has been done and its answer is not there yet.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const PASSED_ON = [...['content-type', 'idempotency-key', 'traceparent', 'webhook-id', 'webhook-timestamp', 'webhook-signature']];

export interface Wire {
  readonly url: string;
  /** The answer to the next request for this path gets lost; the promise resolves when it is, after `meanwhile`. */
  loseAnswer(path: string, meanwhile: () => Promise<void>): Promise<void>;
}

interface Break {
  readonly path: string;
  happen(): Promise<void>;
}

/** @param target where the requests go, whatever listens there at the time */
export async function layWire(ends: AsyncDisposableStack, target: string): Promise<Wire> {
  let planned: Break | null = null;
  const passOn = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '/';
    const answer = await forward(target, path, request);
    if (planned?.path === path) {
      const { happen } = planned;
      planned = null;
      await happen();
      throw new Error('the wire broke');
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  };
  const server = createServer((request, response) => {
    // Nobody at the other end, or a break: the coordinator sees a connection that ends without an answer.
    passOn(request, response).catch(() => response.destroy());
  });
  ends.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseAnswer: (path, meanwhile) =>
      new Promise((resolve, reject) => {
        planned = { path, happen: () => meanwhile().then(resolve, reject) };
      }),
  };
}

async function forward(target: string, path: string, request: IncomingMessage): Promise<{ status: number; body: string }> {
  // Not those that are about the connection, which is another one.
  const headers = Object.fromEntries(PASSED_ON.map((name) => [name, String(request.headers[name] ?? '')]));
  const answer = await fetch(target + path, { method: 'POST', headers, body: await text(request) });
  return { status: answer.status, body: await answer.text() };
}
