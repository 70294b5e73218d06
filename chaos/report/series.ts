// Owns the course of service over a run, second by second, in few enough steps to be drawn.
import type { OperationRecord } from '../record.ts';
import { ServiceTally } from './service.ts';

const MOST_STEPS = 600;

/** What callers met in one step, by when their requests were sent. The flood's are left out. */
export interface Step {
  readonly served: number;
  /** Answered with a status from 500, or not at all though the caller had patience. */
  readonly failed: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Series {
  /** A whole number of seconds. */
  readonly stepMs: number;
  /** The first begins with the run. */
  readonly steps: readonly Step[];
}

/** @param lastedMs the whole run */
export function startSeries(startedMs: number, lastedMs: number): { add(operation: OperationRecord): void; series(): Series } {
  const stepMs = Math.max(1, Math.ceil(lastedMs / MOST_STEPS / 1_000)) * 1_000;
  const tallies = Array.from({ length: Math.max(1, Math.ceil(lastedMs / stepMs)) }, () => new ServiceTally());
  return {
    add: (operation) => tallies[Math.floor((operation.sentMs - startedMs) / stepMs)]?.add(operation),
    series: () => ({
      stepMs,
      steps: tallies.map((tally) => {
        const { served, serverErrors, unanswered, p50Ms, p99Ms } = tally.service(stepMs);
        return { served, failed: serverErrors + unanswered, p50Ms, p99Ms };
      }),
    }),
  };
}
