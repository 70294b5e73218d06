// Owns the port through which requests are told of as spans, and what a route may know of the span of its request. src/telemetry
// implements it; without one, a request's trace is its caller's.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Queries } from '../coordinator/queries.ts';
import { TracedQueries } from '../coordinator/traced-queries.ts';
import type { StatementTracer } from '../coordinator/tracer.ts';
import { readTraceparent } from './headers.ts';
import { requestIdOf } from './request-id.ts';

/** The span of a request. */
export interface RequestSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Its W3C Trace Context: what the participants that the request leads to are told. */
  readonly traceparent: string;
  /** For the reads of the request; null where the span is not recorded. */
  readonly statements: StatementTracer | null;
}

/** What is known of a request besides itself. */
export interface Arrival {
  /** The caller's traceparent, of version 00; null where it gave none that is valid. */
  readonly caller: string | null;
  /** The template of the route that took it, once one has; null where none did. */
  readonly routeOf: () => string | null;
}

export interface HttpTracer {
  /** @returns null where nothing is told of it */
  arrived(request: IncomingMessage, response: ServerResponse, arrival: Arrival): RequestSpan | null;
}

export const UNTRACED: HttpTracer = { arrived: () => null };

/** On the request itself: a map of all requests would have to be gone through by every garbage collection. */
const SPAN = Symbol('span');

interface Traced {
  [SPAN]?: RequestSpan;
}

/** Tells of a request, so that its route finds its span. */
export function traceRequest(tracer: HttpTracer, request: IncomingMessage, response: ServerResponse): void {
  if (tracer === UNTRACED) return;
  const { traceparent } = request.headers;
  const caller = readTraceparent(typeof traceparent === 'string' ? traceparent : undefined);
  const span = tracer.arrived(request, response, { caller, routeOf: () => routeOf(request) });
  if (span !== null) (request as Traced)[SPAN] = span;
}

/** @returns null where tracing is off */
export function spanOf(request: IncomingMessage): RequestSpan | null {
  return (request as Traced)[SPAN] ?? null;
}

/** The command, with the span of the request that it comes from, where that is recorded. */
export function within<C extends object>(request: IncomingMessage, command: C): C & { readonly trace?: string } {
  const span = spanOf(request);
  return span === null || span.statements === null ? command : { ...command, trace: span.traceparent };
}

/** The reads of a request: told of, where its span is recorded. */
export function readsWithin(request: IncomingMessage, queries: Queries): Queries {
  const statements = spanOf(request)?.statements ?? null;
  return statements === null ? queries : new TracedQueries(queries, statements);
}

/** What a line of the log says of a request, to find its trace by, and its caller's own record of it. */
export function logFieldsOf(request: IncomingMessage): {
  readonly trace_id?: string;
  readonly span_id?: string;
  readonly request_id?: string;
} {
  const [span, requestId] = [spanOf(request), requestIdOf(request)];
  return {
    ...(span === null ? {} : { trace_id: span.traceId, span_id: span.spanId }),
    ...(requestId === null ? {} : { request_id: requestId }),
  };
}

/** Express notes it on the request. */
function routeOf(request: IncomingMessage & { readonly route?: { readonly path?: unknown } }): string | null {
  const path = request.route?.path;
  return typeof path === 'string' ? path : null;
}
