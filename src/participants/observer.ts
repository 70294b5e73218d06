// Owns the port through which calls to participants are told of, for figures and traces.
import type { BranchCall } from '../coordinator/effects.ts';
import type { Reply } from './reply-table.ts';

export interface CallObserver {
  /** A call is over, whatever it came to. */
  called(call: BranchCall, reply: Reply, durationMs: number): void;
}

export const SILENT: CallObserver = { called: () => {} };

/** How it stands with one participant, as seen from this process. */
export interface QueueFigures {
  readonly participant: string;
  readonly breaker: 'closed' | 'probing' | 'open';
  readonly depth: number;
  readonly inFlight: number;
}
