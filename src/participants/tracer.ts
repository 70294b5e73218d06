// Owns the port through which calls to participants are told of as spans. src/telemetry implements it; without one, a participant
// is told of its caller's trace, as it was stored.
import type { CallDetails } from '../coordinator/branch-work.ts';
import type { BranchCall } from '../coordinator/effects.ts';
import type { Reply } from './reply-table.ts';

/** A call that is recorded. */
export interface CallSpan {
  /** W3C Trace Context of its span: what its participant is told, and what follows from its reply belongs to. */
  readonly traceparent: string;
  ended(reply: Reply): void;
}

export interface CallTracer {
  /**
   * A call is about to be made.
   * @param isDirect whether it follows at once from the decision that asked for it, in this process: then it is a part of that trace.
   * Anything later has a trace of its own, with a link back
   * @returns null where it is not recorded
   */
  begun(call: BranchCall, details: CallDetails, isDirect: boolean): CallSpan | null;
}

export const UNTRACED: CallTracer = { begun: () => null };
