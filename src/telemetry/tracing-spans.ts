// Owns how spans are begun and ended here: the clock they share, their parents from W3C Trace Context as text, and which are recorded
// without asking the sampler. Commands and rows carry contexts as text, so nothing here hangs on what is running at the moment.
import {
  type Attributes,
  type Context,
  createContextKey,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { ATTRIBUTES, type LINKS } from './spans.ts';

/** Set in a context, it says that the decision to record was taken before: with the request, or with the transaction's Try. */
export const RECORDED = createContextKey('holdfast recorded');
const RECORDED_ROOT = ROOT_CONTEXT.setValue(RECORDED, true);
/** By how much the two clocks may differ before ours is set again, in ms. */
const DRIFT_MS = 5;

let offset = performance.timeOrigin;

/** In ms since 1970, finer than Date.now(), and never far from it. */
export function now(): number {
  const time = offset + performance.now();
  if (Math.abs(Date.now() - time) > DRIFT_MS) offset = Date.now() - performance.now();
  return offset + performance.now();
}

/** @param time by performance.now(), not long ago */
export function timeOf(time: number): number {
  return now() - (performance.now() - time);
}

/** Reads a W3C traceparent of version 00, as the coordinator writes and stores them. */
export function contextOf(traceparent: string, isRemote = false): SpanContext {
  const traceFlags = Number.parseInt(traceparent.slice(53, 55), 16);
  return { traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52), traceFlags, isRemote };
}

/** Whether what it names was recorded, or is to be. */
export function isRecorded(traceparent: string): boolean {
  return (contextOf(traceparent).traceFlags & 1) === 1;
}

export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** For the first span of a trace of this process: the sampler decides. */
export function callersContext(traceparent: string | null): Context {
  return traceparent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(traceparent, true));
}

interface SpanOptions {
  readonly kind?: SpanKind;
  /** As now() tells it. */
  readonly at?: number;
  readonly attributes?: Attributes;
  readonly links?: Link[];
}

/** Begins a span that is recorded, whatever the sampler would say. @param parent null makes a trace of its own */
export function begin(tracer: Tracer, name: string, parent: SpanContext | null, options: SpanOptions = {}): Span {
  const { kind = SpanKind.INTERNAL, at: startTime = now(), attributes = {}, links = [] } = options;
  const context = parent === null ? RECORDED_ROOT : trace.setSpanContext(RECORDED_ROOT, parent);
  return tracer.startSpan(name, { kind, startTime, attributes, links }, context);
}

export function linkTo(traceparent: string, as: (typeof LINKS)[keyof typeof LINKS]): Link {
  return { context: contextOf(traceparent), attributes: { [ATTRIBUTES.link]: as } };
}

/** Begins a span for one statement of PostgreSQL. @returns its end; with what went wrong, where something did */
export function beginStatement(tracer: Tracer, name: string, parent: SpanContext): (fault?: unknown) => void {
  const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': name };
  const span = begin(tracer, name, parent, { kind: SpanKind.CLIENT, attributes });
  return (fault) => {
    if (fault !== undefined) fail(span, fault);
    span.end(now());
  };
}

/** Says of a span what went wrong: in a word, and in words. */
export function fail(span: Span, fault: unknown): void {
  const cause = fault instanceof Error && fault.cause instanceof Error ? fault.cause : fault;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  if (code !== null && /^[0-9A-Z]{5}$/.test(code)) span.setAttribute('db.response.status_code', code);
  span.setAttribute('error.type', code ?? (fault instanceof Error ? fault.name : 'unknown'));
  span.setStatus({ code: SpanStatusCode.ERROR, message: fault instanceof Error ? fault.message : String(fault) });
}
