// Owns the HTTP server: the bounds on slow, stuck and malformed clients (I12), and the answers to what no route ever sees.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Problem, problem } from '../errors.ts';
import { condemn, isCondemned, MAX_HEADERS, offersProtocol, refusalOfHead } from './framing.ts';
import { traceIdOf } from './headers.ts';
import { problemDocument, sendProblem } from './reply.ts';
import { takeRequestId } from './request-id.ts';
import { dataHeaderLines } from './security-headers.ts';
import { type Server, type TlsFiles, tlsOptions, watchHandshakes } from './tls.ts';
import { type HttpTracer, traceRequest, UNTRACED } from './tracer.ts';
import { isLongUpload } from './uploads.ts';

export interface HttpServerOptions {
  /** Null or left out: plain HTTP. */
  readonly tls?: TlsFiles | null;
  /** From a request's first byte to the last of its body; imports are exempt (they have a stall timeout of their own). */
  readonly requestTimeoutMs?: number;
  readonly headersTimeoutMs?: number;
  /** How long an idle connection is kept for the next request. */
  readonly keepAliveTimeoutMs?: number;
  /** How long a connection may make no progress while an answer is due or being written: a reader that stopped reading. */
  readonly stallTimeoutMs?: number;
  /** How often the first two are looked at: they may fire that much late. */
  readonly connectionsCheckingIntervalMs?: number;
  /** Those beyond are closed at once. */
  readonly maxConnections?: number;
  readonly tracer?: HttpTracer;
}

/** 200 SKUs of 128 characters, each percent-encoded, must fit into a query string. */
const MAX_HEADER_BYTES = 128 * 1024;

type Handler = (request: IncomingMessage, response: ServerResponse, done: (error?: unknown) => void) => void;

/**
 * Makes the server; the caller listens and closes. Requests per connection are unlimited.
 * @param app an Express application, or anything with its signature
 */
export function createHttpServer(app: Handler, options: HttpServerOptions = {}): Server {
  const headersTimeout = options.headersTimeoutMs ?? 10_000;
  const bounds = {
    requestTimeout: options.requestTimeoutMs ?? 30_000,
    headersTimeout,
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
    connectionsCheckingInterval: options.connectionsCheckingIntervalMs ?? 1_000,
    maxHeaderSize: MAX_HEADER_BYTES,
    noDelay: true,
    // Whatever NODE_OPTIONS says.
    insecureHTTPParser: false,
    // Node would take the first of two and drop the other, such as a Host.
    joinDuplicateHeaders: true,
    // Node would refuse it with a bare 400; the listener below does so with a problem.
    requireHostHeader: false,
  };
  const tls = options.tls ?? null;
  // A handshake is to be done as soon as headers are: node would wait two minutes for it.
  const server: Server =
    tls === null ? createServer(bounds) : createTlsServer({ ...bounds, ...tlsOptions(tls), handshakeTimeout: headersTimeout });
  if (tls !== null) watchHandshakes(server);
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.maxRequestsPerSocket = 0;
  // Node looks at the socket's own progress here: a write that still drains is not idle.
  server.timeout = options.stallTimeoutMs ?? 60_000;
  if (options.maxConnections !== undefined) server.maxConnections = options.maxConnections;
  // In one of several processes: otherwise those that are full would hand it to one another for ever.
  Object.assign(server, { dropMaxConnection: true });
  const tracer = options.tracer ?? UNTRACED;
  const receive = (request: IncomingMessage, response: ServerResponse, handle: () => void): void => {
    if (isCondemned(request.socket)) return;
    (request.socket as Answering)[LATEST] = response;
    takeRequestId(request, response);
    traceRequest(tracer, request, response);
    const refusal = refusalOfHead(request);
    if (refusal !== null || offersProtocol(request)) {
      condemn(request.socket);
      response.shouldKeepAlive = false;
    }
    if (refusal === null) handle();
    else sendProblem(request, response, refusal);
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const done = () => sendProblem(request, response, problem('not-found', 'Nothing stands at this path.'));
    receive(request, response, () => app(request, response, done));
  });
  // Node would answer by itself, in its own words.
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    receive(request, response, () => sendProblem(request, response, unknownExpectation()));
  });
  server.on('clientError', answerClientError);
  return server;
}

/** RFC 9110, 10.1.1. */
function unknownExpectation(): Problem {
  return { ...problem('invalid-request', 'Nothing is expected here but 100-continue.'), status: 417 };
}

/** Answers what the parser refused, on the bare socket, and closes: after a fault in framing nothing that follows can be trusted. */
function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && isLongUpload(socket)) return;
  // What is not the parser's or the timers' is the connection's own, or that of its TLS handshake: nobody could read an answer.
  if (!/^(?:HPE|ERR_HTTP)_/.test(error.code ?? '') || !socket.writable) {
    socket.destroy();
    return;
  }
  if (isAnsweredAlready(socket)) {
    endSoon(socket);
    return;
  }
  // One that is condemned is being closed after its answer, unless that still waits for a body which does not come.
  if ((isCondemned(socket) && !waitsForBody(socket)) || isAnsweredFirst(socket)) return;
  const { status, text } = problemDocument(problemOf(error), traceIdOf(undefined));
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Bad Request'}\r\nContent-Type: application/problem+json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\n${dataHeaderLines(socket)}Connection: close\r\n\r\n${text}`,
  );
  // A caller that never closes its side must not keep the socket; one that still reads an answer before this is let.
  socket.once('finish', () => setTimeout(() => socket.destroy(), 1_000).unref());
}

/** On a connection: the answer to the request that came last on it. */
const LATEST = Symbol('latest');

interface Answering {
  /** Node's own: the answer that is to be written next on this connection. Its own listener looks there, too. */
  readonly _httpMessage?: ServerResponse | null;
  [LATEST]?: ServerResponse;
}

/** Whether the fault stands in the body of a request that is answered: one more answer would be taken for that to the next request. */
function isAnsweredAlready(socket: Duplex): boolean {
  const latest = (socket as Answering)[LATEST];
  return latest?.headersSent === true && !latest.req.complete;
}

/**
 * Whether the fault stands behind a request that came whole: what is written now would be taken for the answer to that, and say that
 * it did nothing. It is answered as it should be, and the connection ends with it. Where that answer is written already, and perhaps
 * not sent, another may stand behind it.
 */
function isAnsweredFirst(socket: Duplex): boolean {
  const { _httpMessage: first = null, [LATEST]: latest } = socket as Answering;
  if (first === null || !(first.headersSent || first.req.complete)) return false;
  if (first === latest && first.writableEnded) return false;
  condemn(socket);
  if (first.headersSent) endSoon(socket);
  else first.shouldKeepAlive = false;
  return true;
}

/** Closes a connection behind what was written on it so far. */
function endSoon(socket: Duplex): void {
  condemn(socket);
  if (socket instanceof Socket) socket.destroySoon();
  else socket.destroy();
}

/** Whether the next answer on this connection is one that its request has not come whole for. */
function waitsForBody(socket: Duplex): boolean {
  const next = (socket as Answering)._httpMessage ?? null;
  return next !== null && !next.headersSent && !next.req.complete;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  431: 'Request Header Fields Too Large',
};

function problemOf(error: NodeJS.ErrnoException): Problem {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return {
        ...problem('invalid-request', `The request line and headers are larger than ${MAX_HEADER_BYTES} bytes.`),
        status: 431,
      };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { ...problem('invalid-request', 'The request did not arrive in time.'), status: 408, retryable: true };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return problem('body-too-large', 'The chunk extensions are too large.');
    default:
      return problem('invalid-request', `The request is not valid HTTP/1.1 (${error.code ?? 'unknown fault'}).`);
  }
}
