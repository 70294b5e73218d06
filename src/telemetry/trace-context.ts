// Owns W3C Trace Context as text, which is how commands and rows carry it: nothing here hangs on what is running at the moment.
import { type Context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';

/** Reads a traceparent of version 00, as the coordinator writes and stores them. */
export function contextOf(traceparent: string, isRemote = false): SpanContext {
  const traceFlags = Number.parseInt(traceparent.slice(53, 55), 16);
  return { traceId: traceparent.slice(3, 35), spanId: traceparent.slice(36, 52), traceFlags, isRemote };
}

/** Whether what it names was recorded, or is to be. */
export function isRecorded(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1;
}

export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-0${traceFlags & 3}`;
}

/** Where the first span of this process is begun: the sampler decides. */
export function callersContext(traceparent: string | null): Context {
  return traceparent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, contextOf(traceparent, true));
}
