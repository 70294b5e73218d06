// Owns the port through which releases at the deadline are told of as spans. src/telemetry implements it.
import type { Due } from '../coordinator/queries.ts';

/** A release that is recorded: a trace of its own, with a link back to where its transaction came from. */
export interface ReleaseSpan {
  /** Its W3C Trace Context. */
  readonly traceparent: string;
  /** @param outcome in a word: a state, the code of a problem; null where it failed unforeseen */
  ended(outcome: string | null): void;
}

export interface ReleaseTracer {
  /** @returns null where it is not recorded, as nearly always */
  begun(due: Due): ReleaseSpan | null;
}

export const UNTRACED: ReleaseTracer = { begun: () => null };
