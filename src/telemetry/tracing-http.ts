// Owns the spans of requests, by OpenTelemetry's conventions for HTTP servers: from the first byte of the header to the end of the
// answer, in the caller's trace where it names one. The form of the port is src/http/tracer.ts; src/runtime puts them together.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { StatementTracer } from '../coordinator/tracer.ts';
import { ATTRIBUTES } from './spans.ts';
import { now } from './trace-clock.ts';
import { callersContext, traceparentOf } from './trace-context.ts';
import type { Recorder } from './tracing-recorder.ts';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);
/** They come every few seconds, for ever, and tell nobody anything. */
const UNTOLD = new Set(['/livez', '/readyz', '/metrics']);
const SHOWN_CHARACTERS = 1000;

interface RequestSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceparent: string;
  readonly statements: StatementTracer | null;
}

/** What is known of a request besides itself. */
interface Arrival {
  /** The caller's traceparent, of version 00; null where it gave none that is valid. */
  readonly caller: string | null;
  /** The template of the route that took it, once one has. */
  readonly routeOf: () => string | null;
}

export interface HttpSpans {
  arrived(request: IncomingMessage, response: ServerResponse, arrival: Arrival): RequestSpan | null;
}

/** @param recorder for what PostgreSQL is asked */
export function httpTracer(tracer: Tracer, recorder: Recorder): HttpSpans {
  return {
    arrived: (request, response, { caller, routeOf }) => {
      if (request.url !== undefined && UNTOLD.has(request.url)) return null;
      const method = METHODS.has(request.method ?? '') ? (request.method ?? '') : '_OTHER';
      const span = tracer.startSpan(nameOf(method, null), { kind: SpanKind.SERVER, startTime: now() }, callersContext(caller));
      const context = span.spanContext();
      const { traceId, spanId } = context;
      const told = { traceId, spanId, traceparent: traceparentOf(context) };
      if (!span.isRecording()) return { ...told, statements: null };
      describe(span, method, request);
      response.once('close', () => finish(span, method, routeOf(), response));
      return { ...told, statements: { statementBegun: (name) => recorder.statement(name, context) } };
    },
  };
}

function nameOf(method: string, route: string | null): string {
  const shown = method === '_OTHER' ? 'HTTP' : method;
  return route === null ? shown : `${shown} ${route}`;
}

function describe(span: Span, method: string, request: IncomingMessage): void {
  const { socket, httpVersion, headers, url = '/' } = request;
  const query = url.indexOf('?');
  span.setAttributes({
    'http.request.method': method,
    ...(method === '_OTHER' ? { 'http.request.method_original': request.method ?? '' } : {}),
    // Without its query: that may hold what callers search for.
    'url.path': (query < 0 ? url : url.slice(0, query)).slice(0, SHOWN_CHARACTERS),
    'url.scheme': 'http',
    'network.protocol.version': httpVersion,
    ...(socket.remoteAddress === undefined ? {} : { 'client.address': socket.remoteAddress }),
    ...(socket.localPort === undefined ? {} : { 'server.port': socket.localPort }),
    ...(headers['user-agent'] === undefined ? {} : { 'user_agent.original': headers['user-agent'].slice(0, SHOWN_CHARACTERS) }),
  });
}

function finish(span: Span, method: string, route: string | null, response: ServerResponse): void {
  if (route !== null) {
    span.updateName(nameOf(method, route));
    span.setAttribute('http.route', route);
  }
  if (response.headersSent) span.setAttribute('http.response.status_code', response.statusCode);
  if (response.statusCode >= 500) {
    span.setAttribute('error.type', String(response.statusCode));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  if (!response.writableFinished) span.setAttribute(ATTRIBUTES.callerGone, true);
  span.end(now());
}
