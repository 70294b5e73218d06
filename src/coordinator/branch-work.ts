// Owns the port through which src/participants reaches what PostgreSQL knows about work on branches: leases, claims, and what a
// call is made of. None of it changes a state: states change by commands alone, and the fence keeps the two apart (I11).
import type { BranchCall } from './effects.ts';
import type { BranchId, Participant } from './model.ts';

export interface WaitingParticipant {
  readonly participant: Participant;
  /** Whether the next attempt of one of its branches is due. */
  readonly isDue: boolean;
  /** The database's clock, in ms since 1970. */
  readonly now: number;
}

export interface Claim {
  readonly participant: string;
  /** How many branches at most. */
  readonly limit: number;
  /** Branches last attempted before this are due at once, whatever their backoff; null: none are. By the database's clock. */
  readonly resumedAt: number | null;
}

/** What a call is made of, as it stands when it is about to be made. */
export interface CallDetails {
  readonly branchId: BranchId;
  readonly fence: number;
  /** The coordinator that is to ask it; null where none is. */
  readonly holder: string | null;
  /** Those of the phase so far. */
  readonly attempts: number;
  /** As JSON text. */
  readonly payload: string | null;
  readonly traceparent: string;
  /** W3C Trace Context of the transaction's Try; null where that was not recorded. */
  readonly origin?: string | null;
  /** Of the transaction. */
  readonly state: string;
  readonly expiresAt: number;
  readonly isBeforeDeadline: boolean;
  readonly participant: Participant;
  /** What the call is signed with, the newest first; at most two. */
  readonly secrets: readonly string[];
  /** The database's clock, in ms since 1970. */
  readonly now: number;
}

/** All of them throw DatabaseUnavailable where PostgreSQL does not answer. */
export interface BranchWorkPort {
  /** @param name host and process, for people */
  beginLease(coordinator: string, name: string, leaseMs: number): Promise<void>;
  /** @returns false where the lease has ended: what was held under it is anybody's */
  renewLease(coordinator: string, leaseMs: number): Promise<boolean>;
  /**
   * Ends the leases that ran out.
   * @param leaving whose lease ends too, because it stops
   * @returns how many branches became anybody's
   */
  endLeases(leaving: string | null): Promise<number>;
  /** Of which participants some branch waits. */
  waitingParticipants(): Promise<readonly WaitingParticipant[]>;
  claim(coordinator: string, claims: readonly Claim[]): Promise<readonly BranchCall[]>;
  /** What a coordinator holds, by the ledger. */
  held(coordinator: string): Promise<readonly BranchCall[]>;
  details(calls: readonly BranchCall[]): Promise<readonly CallDetails[]>;
}
