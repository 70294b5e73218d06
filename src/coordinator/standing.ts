// Owns what the ledger says of how things stand, as a port: what nobody can count by watching what happens.
import type { TransactionState } from './model.ts';

/** Those that are not an end. */
export const OPEN_STATES = ['TRYING', 'TRIED', 'CONFIRMING', 'CANCELLING'] as const satisfies readonly TransactionState[];
export type OpenState = (typeof OPEN_STATES)[number];

export interface Standing {
  /** Transactions that are not at an end; a state that none is in may be missing. */
  readonly open: { readonly [State in OpenState]?: { readonly count: number; readonly oldestAgeMs: number } };
  readonly needingAttention: number;
  /** Whose deadline has come, counted up to a bound, and how long ago the oldest one's did. */
  readonly due: { readonly count: number; readonly lagMs: number };
  /** Branches that wait to be asked again, and those whose time has come. */
  readonly waiting: readonly { readonly participant: string; readonly count: number; readonly overdue: number }[];
}

export interface Standings {
  /** Throws DatabaseUnavailable where PostgreSQL does not answer. */
  standing(): Promise<Standing>;
}
