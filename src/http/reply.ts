// Owns how answers leave: JSON by the shortest way, problems as application/problem+json (RFC 9457).
import type { IncomingMessage, ServerResponse } from 'node:http';
import { PROBLEMS, type Problem } from '../errors.ts';
import { harmlessJson } from '../shown.ts';
import { traceIdOf } from './headers.ts';
import { answersWith } from './observer.ts';
import { dataHeaders, pageHeaders } from './security-headers.ts';
import { spanOf } from './tracer.ts';

/** How long and how much of a body nobody wants is read on, so that the caller gets to see why (see `linger`). */
const LINGER_MS = 2_000;
/** A declared body up to this is read to its end by node itself, which spares the caller a new connection. */
const SMALL_BODY_BYTES = 65_536;
/** As the header says it. */
export const RETRY_AFTER_S = '1';

export interface ProblemDocument {
  readonly status: number;
  readonly text: string;
}

/** Puts a refusal into words (RFC 9457); the members that the contract names for its code come last. */
export function problemDocument(refusal: Problem, traceId: string): ProblemDocument {
  const kind = PROBLEMS[refusal.code];
  const status = refusal.status ?? kind.status;
  const document = {
    type: `/problems/${refusal.code}`,
    title: kind.title,
    status,
    detail: refusal.detail,
    code: refusal.code,
    retryable: refusal.retryable ?? kind.retryable,
    traceId,
    ...refusal.members,
  };
  // A detail may repeat what the caller, a participant or a server said.
  return { status, text: harmlessJson(JSON.stringify(document)) };
}

/**
 * Answers with JSON. Express's res.json would set each header by itself and hash the body for an ETag; one writeHead with a flat
 * list is what node sends fastest.
 * @param text the body, serialised
 * @param headers names and values in turn
 */
export function sendJson(response: ServerResponse, status: number, text: string, headers: readonly string[] = []): void {
  send(response, status, 'application/json; charset=utf-8', text, headers);
}

/** Answers with plain text in a form of its own. */
export function sendText(response: ServerResponse, status: number, text: string, type: string): void {
  send(response, status, type, text, ['Cache-Control', 'no-store']);
}

/** Answers with a page. */
export function sendHtml(
  response: ServerResponse,
  status: number,
  text: string,
  contentSecurityPolicy: string,
  more: readonly string[] = [],
): void {
  const length = String(Buffer.byteLength(text));
  const headers = ['Content-Type', 'text/html; charset=utf-8', 'Content-Length', length];
  response.writeHead(status, [...headers, ...pageHeaders(response, contentSecurityPolicy), ...more]);
  response.end(text);
}

/** Answers that there is nothing to read: 204 or 304. */
export function sendNothing(response: ServerResponse, status: 204 | 304, headers: readonly string[] = []): void {
  response.writeHead(status, [...dataHeaders(response), ...headers]);
  response.end();
}

/** Answers with a problem. A caller that has gone, or was answered already, is left alone. */
export function sendProblem(
  request: IncomingMessage,
  response: ServerResponse,
  refusal: Problem,
  headers: readonly string[] = [],
  traceId = traceIdOfRequest(request),
): void {
  if (response.headersSent || response.destroyed) return;
  answersWith(response, refusal.code);
  const { status, text } = problemDocument(refusal, traceId);
  const all = status === 503 || status === 429 ? ['Retry-After', RETRY_AFTER_S, ...headers] : [...headers];
  if (request.complete || !announcesBody(request) || Number(request.headers['content-length']) <= SMALL_BODY_BYTES) {
    send(response, status, 'application/problem+json; charset=utf-8', text, all);
  } else {
    linger(request, response, status, text, all);
  }
}

/** The trace a request belongs to: that of its span, or (with tracing off) its caller's, or a new one. */
export function traceIdOfRequest(request: IncomingMessage): string {
  const span = spanOf(request);
  if (span !== null) return span.traceId;
  const { traceparent } = request.headers;
  return traceIdOf(typeof traceparent === 'string' ? traceparent : undefined);
}

/** Whether the caller said that a body follows the header. */
export function announcesBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function send(response: ServerResponse, status: number, contentType: string, text: string, headers: readonly string[]): void {
  response.writeHead(status, [
    'Content-Type',
    contentType,
    'Content-Length',
    String(Buffer.byteLength(text)),
    ...dataHeaders(response),
    ...headers,
  ]);
  response.end(text);
}

/**
 * Answers while the body is still coming. The connection closes afterwards; but closing it at once would reset it, and the caller
 * would lose the answer. So what still comes is thrown away for a moment, within a bound.
 */
function linger(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  text: string,
  headers: readonly string[],
): void {
  response.shouldKeepAlive = false;
  response.writeHead(status, [
    'Content-Type',
    'application/problem+json; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(text)),
    ...dataHeaders(response),
    'Connection',
    'close',
    ...headers,
  ]);
  response.write(text);
  const finish = () => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, LINGER_MS).unref();
  request.once('end', finish).once('close', finish).once('error', finish);
  request.resume();
}
