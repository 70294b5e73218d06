// Owns what a stretch of a run was like for callers: how many of their requests were served, how fast, and what became of the rest.
import type { OperationRecord, Outcome } from '../record.ts';

/** Whoever wants an answer waits for several seconds; whoever means to give up does so within a fraction of one. */
const PATIENT_FROM_MS = 3_000;

/** The flood's requests are left out: they ask for more than can be served, and are there to be refused. */
export interface Service {
  /** Sent within the stretch. */
  readonly operations: number;
  /** Answered with a status below 500: a refusal by the rules is service too. */
  readonly served: number;
  readonly serverErrors: number;
  /** Without an answer, though the caller waited as long as one may be expected to. */
  readonly unanswered: number;
  /** Without an answer, because the caller meant to give up early: they tell nothing of availability. */
  readonly gaveUp: number;
  /** The served among all but those who gave up; null where there was none. */
  readonly availability: number | null;
  /** Served a second. */
  readonly throughput: number;
  /** Of what was served; null where nothing was. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
}

/** Counts the service of one stretch, or of several that belong together. */
export class ServiceTally {
  #serverErrors = 0;
  #unanswered = 0;
  #gaveUp = 0;
  readonly #latenciesMs: number[] = [];

  add({ outcome, sentMs, endedMs }: OperationRecord): void {
    if (outcome.kind === 'unknown') {
      if (gaveUpEarly(outcome)) this.#gaveUp += 1;
      else this.#unanswered += 1;
    } else if (outcome.status >= 500) this.#serverErrors += 1;
    else this.#latenciesMs.push(endedMs - sentMs);
  }

  /** @param lastedMs how long the stretches were, all together */
  service(lastedMs: number): Service {
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    const served = sorted.length;
    const counted = served + this.#serverErrors + this.#unanswered;
    return {
      operations: counted + this.#gaveUp,
      served,
      serverErrors: this.#serverErrors,
      unanswered: this.#unanswered,
      gaveUp: this.#gaveUp,
      availability: counted === 0 ? null : served / counted,
      throughput: lastedMs > 0 ? (served * 1_000) / lastedMs : 0,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      maxMs: percentile(sorted, 1),
    };
  }
}

/** Whether the caller went away on purpose, sooner than callers who want an answer do. */
export function gaveUpEarly(outcome: Outcome): boolean {
  if (outcome.kind !== 'unknown') return false;
  const [, afterMs] = /^gave up after (\d+) ms$/.exec(outcome.why) ?? [];
  return afterMs !== undefined && Number(afterMs) < PATIENT_FROM_MS;
}

/** The smallest value that at least this share of them does not exceed. */
function percentile(sorted: Float64Array, share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
