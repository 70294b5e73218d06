// Owns the spans below and beside those of requests: in lanes, in PostgreSQL, to participants, at deadlines. Whether they are recorded
// was decided before, with the request or with its transaction's Try, so they ask no sampler. They are plain values that go straight
// to the SDK's processor: its own class of spans, made for everything that anybody may do to one, costs more.
import {
  type Attributes,
  type AttributeValue,
  type HrTime,
  type Link,
  type SpanContext,
  SpanKind,
  type SpanStatus,
  SpanStatusCode,
  TraceFlags,
} from '@opentelemetry/api';
import { RandomIdGenerator, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { now } from './trace-clock.ts';

export type RecordedAttributes = Record<string, AttributeValue>;

interface SpanOptions {
  readonly kind?: SpanKind;
  /** As now() tells it. */
  readonly at?: number;
  readonly attributes?: RecordedAttributes;
  readonly links?: Link[];
}

/** What all spans of a process have in common. */
type Common = Pick<ReadableSpan, 'resource' | 'instrumentationScope'>;

export class Recorder {
  readonly #processor: Pick<SpanProcessor, 'onEnd'>;
  readonly #common: Common;
  readonly #ids = new RandomIdGenerator();

  /** @param model any span of the same tracer */
  constructor(processor: Pick<SpanProcessor, 'onEnd'>, { resource, instrumentationScope }: Common) {
    this.#processor = processor;
    this.#common = { resource, instrumentationScope };
  }

  /** @param parent null makes a trace of its own */
  begin(name: string, parent: SpanContext | null, options: SpanOptions = {}): RecordedSpan {
    const traceId = parent === null ? this.#ids.generateTraceId() : parent.traceId;
    const context = { traceId, spanId: this.#ids.generateSpanId(), traceFlags: TraceFlags.SAMPLED };
    return new RecordedSpan(name, context, parent, options, this.#common, this.#processor);
  }

  /** Begins a span for one statement of PostgreSQL. @returns its end; with what went wrong, where something did */
  statement(name: string, parent: SpanContext, at = now()): (fault?: unknown) => void {
    const attributes = { 'db.system.name': 'postgresql', 'db.operation.name': name };
    const span = this.begin(name, parent, { kind: SpanKind.CLIENT, at, attributes });
    return (fault) => {
      if (fault !== undefined) fail(span, fault);
      span.end();
    };
  }
}

export class RecordedSpan implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: HrTime;
  readonly attributes: Attributes;
  readonly links: Link[];
  readonly events = [];
  readonly resource: ReadableSpan['resource'];
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  // Left out where there is none, as the exporter expects.
  declare readonly parentSpanContext?: SpanContext;
  endTime: HrTime = [0, 0];
  duration: HrTime = [0, 0];
  ended = false;
  status: SpanStatus = { code: SpanStatusCode.UNSET };
  readonly #context: SpanContext;
  readonly #processor: Pick<SpanProcessor, 'onEnd'>;
  readonly #at: number;

  constructor(
    name: string,
    context: SpanContext,
    parent: SpanContext | null,
    { kind = SpanKind.INTERNAL, at = now(), attributes = {}, links = [] }: SpanOptions,
    { resource, instrumentationScope }: Common,
    processor: Pick<SpanProcessor, 'onEnd'>,
  ) {
    this.name = name;
    this.kind = kind;
    this.#at = at;
    this.startTime = timeOfMs(at);
    this.attributes = attributes;
    this.links = links;
    this.resource = resource;
    this.instrumentationScope = instrumentationScope;
    this.#context = context;
    this.#processor = processor;
    if (parent !== null) this.parentSpanContext = parent;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  set(name: string, value: AttributeValue): void {
    this.attributes[name] = value;
  }

  fail(message?: string): void {
    this.status = { code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) };
  }

  /** Once; what is said of it afterwards is lost. */
  end(at = now()): void {
    if (this.ended) return;
    this.ended = true;
    const end = Math.max(at, this.#at);
    this.endTime = timeOfMs(end);
    this.duration = timeOfMs(end - this.#at);
    this.#processor.onEnd(this);
  }
}

function timeOfMs(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** Says of a statement's span what went wrong: in a word, and in words. */
function fail(span: RecordedSpan, fault: unknown): void {
  const cause = fault instanceof Error && fault.cause instanceof Error ? fault.cause : fault;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;
  if (code !== null && /^[0-9A-Z]{5}$/.test(code)) span.set('db.response.status_code', code);
  span.set('error.type', code ?? (fault instanceof Error ? fault.name : 'unknown'));
  span.fail(fault instanceof Error ? fault.message : String(fault));
}
