// Owns a remote participant for tests: a real HTTP server that answers as the test says, and remembers what it was asked.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { AddressPolicy } from '../../src/addresses.ts';
import { atTheEnd } from './end.ts';

/** Lets calls go to participants of tests. */
export const LOOPBACK_LET_IN = { policy: new AddressPolicy('127.0.0.0/8,::1') };

export interface ParticipantCall {
  readonly phase: 'try' | 'confirm' | 'cancel';
  readonly branchId: string;
  readonly transactionId: string;
  readonly participant: string;
  readonly attempt: number;
  readonly expiresAt: string;
  readonly payload: unknown;
  readonly headers: IncomingHttpHeaders;
  /** By performance.now(). */
  readonly at: number;
}

/** A status, perhaps with a body and headers; or how not to answer. */
export type ParticipantReply =
  | number
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  | 'hang'
  | 'reset'
  /** Headers and half of the body that they promise, then the end of the connection. */
  | 'half';

export type Behaviour = (
  call: ParticipantCall,
  /** Which call of this branch in this phase it is, from 1. */
  nth: number,
) => ParticipantReply | Promise<ParticipantReply>;

export interface ParticipantServer {
  readonly url: string;
  readonly port: number;
  /** In the order of arrival. */
  readonly calls: readonly ParticipantCall[];
  callsOf(phase: ParticipantCall['phase'], transactionId?: string): readonly ParticipantCall[];
  behave(behaviour: Behaviour): void;
  /** Resolves once so many calls of a phase have come. */
  called(phase: ParticipantCall['phase'], times?: number): Promise<void>;
  /** Refuses connections from now on, and breaks those there are. */
  down(): Promise<void>;
  /** Listens again where it did. */
  up(): Promise<void>;
}

interface Expectation {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
}

/** Starts one on a free port; it answers 200 to everything until it is told otherwise. */
export async function startParticipant(first: Behaviour = () => 200): Promise<ParticipantServer> {
  let behaviour = first;
  const calls: ParticipantCall[] = [];
  const sockets = new Set<Socket>();
  let expectations: Expectation[] = [];
  const callsOf = (phase: ParticipantCall['phase'], transactionId?: string) =>
    calls.filter((call) => call.phase === phase && (transactionId === undefined || call.transactionId === transactionId));

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = await readCall(request);
    calls.push(call);
    const nth = callsOf(call.phase).filter(({ branchId }) => branchId === call.branchId).length;
    for (const expectation of expectations) if (expectation.isMet()) expectation.resolve();
    expectations = expectations.filter((expectation) => !expectation.isMet());
    send(await behaviour(call, nth), request, response);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  const down = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  atTheEnd(async () => {
    if (server.listening) await down();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    calls,
    callsOf,
    behave: (next) => {
      behaviour = next;
    },
    called: (phase, times = 1) =>
      new Promise((resolve) => {
        const expectation = { isMet: () => callsOf(phase).length >= times, resolve };
        if (expectation.isMet()) resolve();
        else expectations.push(expectation);
      }),
    down,
    up: () => listen(server, port),
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function readCall(request: IncomingMessage): Promise<ParticipantCall> {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) text += chunk;
  const at = performance.now();
  const body = JSON.parse(text) as Omit<ParticipantCall, 'headers' | 'at'>;
  const phase = request.url?.split('/').at(-1);
  if (request.method !== 'POST' || phase !== body.phase)
    throw new Error(`${request.method} ${request.url} asks for ${body.phase}`);
  return { ...body, headers: request.headers, at };
}

function send(reply: ParticipantReply, request: IncomingMessage, response: ServerResponse): void {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    request.socket.resetAndDestroy();
    return;
  }
  if (reply === 'half') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"half":');
    setImmediate(() => request.socket.destroy());
    return;
  }
  const { status, body = '{}', headers = {} } = typeof reply === 'number' ? { status: reply } : reply;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body);
}
