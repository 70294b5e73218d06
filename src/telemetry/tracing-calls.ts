// Owns the spans of calls to participants, by OpenTelemetry's conventions for HTTP clients, and of releases at the deadline. What
// follows at once from a request is a part of its trace. What comes later (a retry, an expiry, what another coordinator left) is a
// trace of its own that links back: a trace that stays open for days shows nobody anything. It is recorded where its origin was.
import { type Link, SpanKind } from '@opentelemetry/api';
import type { CallDetails } from '../coordinator/branch-work.ts';
import type { BranchCall } from '../coordinator/effects.ts';
import type { Due } from '../coordinator/queries.ts';
import { ATTRIBUTES, LINKS, SPANS } from './spans.ts';
import { contextOf, isRecorded, traceparentOf } from './trace-context.ts';
import type { Recorder } from './tracing-recorder.ts';

interface Reply {
  readonly outcome: string;
  readonly status: number | null;
  readonly error: string | null;
}

/** The form of src/participants/tracer.ts. */
export interface CallSpans {
  begun(
    call: BranchCall,
    details: CallDetails,
    isDirect: boolean,
  ): { readonly traceparent: string; ended(reply: Reply): void } | null;
}

/** The form of src/timers/tracer.ts. */
export interface ReleaseSpans {
  begun(due: Due): { readonly traceparent: string; ended(outcome: string | null): void } | null;
}

export function callTracer(recorder: Recorder): CallSpans {
  return {
    begun: (call, details, isDirect) => {
      if (!isRecorded(details.traceparent)) return null;
      const span = recorder.begin(`POST ${call.phase}`, isDirect ? contextOf(details.traceparent) : null, {
        kind: SpanKind.CLIENT,
        attributes: attributesOf(call, details),
        links: linksOf(details, isDirect),
      });
      return {
        traceparent: traceparentOf(span.spanContext()),
        ended: ({ outcome, status, error }) => {
          span.set(ATTRIBUTES.outcome, outcome);
          if (status !== null) span.set('http.response.status_code', status);
          if (status === null || status >= 400) {
            span.set('error.type', status === null ? 'no_answer' : String(status));
            span.fail(error ?? undefined);
          }
          span.end();
        },
      };
    },
  };
}

export function releaseTracer(recorder: Recorder): ReleaseSpans {
  return {
    begun: ({ id, origin }) => {
      if (origin === null) return null;
      const span = recorder.begin(SPANS.expiry, null, {
        attributes: { [ATTRIBUTES.transactionId]: id },
        links: [linkTo(origin, LINKS.origin)],
      });
      return {
        traceparent: traceparentOf(span.spanContext()),
        ended: (outcome) => {
          if (outcome === null) span.fail();
          else span.set(ATTRIBUTES.outcome, outcome);
          span.end();
        },
      };
    },
  };
}

function linksOf({ traceparent, origin = null }: CallDetails, isDirect: boolean): Link[] {
  const cause = isDirect ? [] : [linkTo(traceparent, traceparent === origin ? LINKS.origin : LINKS.cause)];
  const isKnown = origin === null || origin === traceparent;
  return isKnown ? cause : [...cause, linkTo(origin, LINKS.origin)];
}

function attributesOf(call: BranchCall, { participant, attempts }: CallDetails): Record<string, string | number> {
  const { hostname, port, protocol } = new URL(participant.url);
  return {
    'http.request.method': 'POST',
    'url.full': `${participant.url.replace(/\/$/, '')}/${call.phase}`,
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    ...(attempts > 0 ? { 'http.request.resend_count': attempts } : {}),
    [ATTRIBUTES.participant]: call.participant,
    [ATTRIBUTES.phase]: call.phase,
    [ATTRIBUTES.attempt]: attempts + 1,
    [ATTRIBUTES.transactionId]: call.transactionId,
    [ATTRIBUTES.branchId]: call.branchId,
  };
}

function linkTo(traceparent: string, as: (typeof LINKS)[keyof typeof LINKS]): Link {
  return { context: contextOf(traceparent), attributes: { [ATTRIBUTES.link]: as } };
}
