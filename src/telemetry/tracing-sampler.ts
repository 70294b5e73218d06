// Owns which traces are recorded: as OTEL_TRACES_SAMPLER says for what callers begin, and as their origin was for what follows from it.
import type { Attributes, Context, Link, SpanKind } from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { RECORDED } from './tracing-spans.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The SDK makes these itself from the environment, but only where it is given no sampler; ours needs one to ask. */
const SAMPLERS: Readonly<Record<string, (ratio: number) => Sampler>> = {
  always_on: () => new AlwaysOnSampler(),
  always_off: () => new AlwaysOffSampler(),
  traceidratio: (ratio) => new TraceIdRatioBasedSampler(ratio),
  parentbased_always_on: () => new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  parentbased_always_off: () => new ParentBasedSampler({ root: new AlwaysOffSampler() }),
  parentbased_traceidratio: (ratio) => new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
};
const FALLBACK = 'parentbased_always_on';

const YES: SamplingResult = { decision: SamplingDecision.RECORD_AND_SAMPLED };

class DecidedSampler implements Sampler {
  readonly #standard: Sampler;

  constructor(standard: Sampler) {
    this.#standard = standard;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    if (context.getValue(RECORDED) === true) return YES;
    return this.#standard.shouldSample(context, traceId, name, kind, attributes, links);
  }

  toString(): string {
    return `Decided{${this.#standard.toString()}}`;
  }
}

/** @param onFault told, in a sentence, of a setting that cannot be used; what stands in for it is the default of the specification */
export function samplerFrom(env: Environment, onFault: (fault: string) => void): Sampler {
  const name = env.OTEL_TRACES_SAMPLER?.trim() || FALLBACK;
  const make = Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name] : undefined;
  if (make === undefined) onFault(`OTEL_TRACES_SAMPLER must be one of ${Object.keys(SAMPLERS).join(', ')}; ${FALLBACK} is used.`);
  return new DecidedSampler((make ?? (() => new ParentBasedSampler({ root: new AlwaysOnSampler() })))(ratioFrom(env, onFault)));
}

function ratioFrom({ OTEL_TRACES_SAMPLER_ARG: text }: Environment, onFault: (fault: string) => void): number {
  if (text === undefined || text.trim() === '') return 1;
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  onFault('OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1; 1 is used.');
  return 1;
}
