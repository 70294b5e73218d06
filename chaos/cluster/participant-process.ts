// Owns a participant's process: it serves the three phases over HTTP, behaves as the harness says, and tells it of every call.
// As the very first thing on receipt of a call it asks PostgreSQL what stands there (I9).
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { CallRecord, Phase } from '../record.ts';
import { makeBook } from './participant-book.ts';
import type { BehaveMessage, ParticipantMessage, ParticipantSettings } from './participant-messages.ts';
import type { ParticipantMode } from './ports.ts';
import { chaosStatement } from './statement.ts';

const ASK_LIMIT_MS = 500;
const ASKING_CONNECTIONS = 4;
const SLOW_LEAST_MS = 300;
const SLOW_MOST_MS = 1_200;
const GARBAGE = Buffer.from([0x00, 0xff, 0x16, 0x03, 0x01, 0x0d, 0x0a, 0x7b, 0x80, 0x0d, 0x0a, 0x0d, 0x0a]);
const PHASES: readonly string[] = ['try', 'confirm', 'cancel'];

interface AskedCall {
  readonly transactionId: string;
  readonly branchId: string;
  readonly phase: Phase;
  readonly attempt: number;
}

const settings = JSON.parse(process.argv[2] ?? '') as ParticipantSettings;
const book = makeBook();
const sockets = new Set<Socket>();
/** Those that hang until the mode changes. */
const hanging = new Set<Socket>();
let mode: ParticipantMode = 'ok';

const database = new pg.Pool({
  connectionString: settings.databaseUrl,
  max: ASKING_CONNECTIONS,
  // A connection once had is kept, so that it is there while every other one is taken.
  idleTimeoutMillis: 0,
  connectionTimeoutMillis: ASK_LIMIT_MS,
  query_timeout: ASK_LIMIT_MS,
  application_name: 'chaos participant',
});
database.on('error', () => {});
const SEEN = chaosStatement('seen_branch.sql');

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  handle(request, response).catch(() => request.socket.destroy());
});
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('error', () => {});
  socket.once('close', () => {
    sockets.delete(socket);
    hanging.delete(socket);
  });
});

process.on('message', (message: BehaveMessage) => {
  void behave(message.mode).then(() => tell({ kind: 'behaves', request: message.request }));
});
// Without the harness there is nobody to serve.
process.once('disconnect', () => process.exit(0));

await listen();
tell({ kind: 'listening' });

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const receivedMs = Date.now();
  const asked = await readCall(request);
  const seen = await seenBy(asked);
  const wrote = await answer(asked, request.socket, response);
  tell({ kind: 'call', call: { type: 'call', participant: settings.name, ...asked, receivedMs, ...wrote, seen } });
}

async function readCall(request: IncomingMessage): Promise<AskedCall> {
  let text = '';
  request.setEncoding('utf8');
  for await (const piece of request) text += piece;
  const { transactionId, branchId, phase, attempt } = JSON.parse(text) as AskedCall;
  const path = request.url?.split('/').at(-1);
  if (!PHASES.includes(phase) || path !== phase) throw new Error(`a call to ${path} asks for ${phase}`);
  return { transactionId, branchId, phase, attempt };
}

async function seenBy({ transactionId, branchId }: AskedCall): Promise<CallRecord['seen']> {
  const late = new AbortController();
  const asking = database
    .query<{ state: string | null; recorded: boolean }>({ name: 'seen', text: SEEN, values: [transactionId, branchId] })
    .then(({ rows: [row] }) => (row === undefined ? null : { transactionState: row.state, branchIsRecorded: row.recorded }))
    .catch(() => null);
  try {
    return await Promise.race([asking, delay(ASK_LIMIT_MS, null, { signal: late.signal })]);
  } finally {
    late.abort();
  }
}

type Written = Pick<CallRecord, 'answeredMs' | 'status'>;
const NOTHING: Written = { answeredMs: null, status: null };

async function answer(asked: AskedCall, socket: Socket, response: ServerResponse): Promise<Written> {
  const { branchId, phase } = asked;
  switch (mode) {
    case 'down':
      socket.destroy();
      return NOTHING;
    case 'hang':
      hanging.add(socket);
      await new Promise((resolve) => response.once('close', resolve));
      return NOTHING;
    case 'garbage':
      socket.end(GARBAGE);
      return NOTHING;
    case 'half': {
      // It did what it was asked for; what is lost is the answer.
      const status = book.settle(branchId, phase, false);
      response.writeHead(status, { 'content-type': 'application/json', 'content-length': '200' });
      response.write('{"half":', () => socket.destroy());
      return NOTHING;
    }
    case '500':
    case '425':
    case '202':
      return reply(response, Number(mode));
    case '409':
      return reply(response, phase === 'try' ? book.settle(branchId, phase, true) : 409);
    case 'slow': {
      const status = book.settle(branchId, phase, false);
      await delay(SLOW_LEAST_MS + Math.random() * (SLOW_MOST_MS - SLOW_LEAST_MS));
      return reply(response, status);
    }
    case 'ok':
      return reply(response, book.settle(branchId, phase, false));
  }
}

/** @returns what was handed to the connection; nothing where the caller had gone */
function reply(response: ServerResponse, status: number): Promise<Written> {
  const answeredMs = Date.now();
  return new Promise((resolve) => {
    if (response.destroyed) {
      resolve(NOTHING);
      return;
    }
    response.once('finish', () => resolve({ answeredMs, status }));
    response.once('close', () => resolve(NOTHING));
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end('{}');
  });
}

async function behave(next: ParticipantMode): Promise<void> {
  mode = next;
  for (const socket of hanging) socket.destroy();
  if (next === 'down') {
    const closed = server.listening ? new Promise((resolve) => server.close(resolve)) : Promise.resolve();
    for (const socket of sockets) socket.destroy();
    await closed;
  } else if (!server.listening) {
    await listen();
  }
}

function listen(): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(settings.port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function tell(message: ParticipantMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}
