// Owns the port for what is done about the ledger in the background, by one instance at a time: removing what is old, and holding
// counters against the rows that they are the sums of, and chaining what was audited.
import type { Actor } from './act.ts';

export interface CounterKey {
  readonly sku: string;
  readonly warehouse: string;
}

/** A counter as it stands; `content` is the same where nothing of it has changed. */
export interface Counter extends CounterKey {
  readonly content: string;
}

/** By how much a counter differs from its rows (I1, I3). */
export interface Drift extends CounterKey {
  readonly available: number;
  readonly reserved: number;
  readonly deducted: number;
}

/** An administrative act as it is stored. */
export interface RecordedAct {
  /** Counted; as text. */
  readonly id: string;
  /** In ms since 1970, by the database's clock. */
  readonly at: number;
  readonly act: string;
  readonly subject: string;
  readonly actor: Actor;
  readonly address: string;
  readonly note: string | null;
  /** As JSON text, as it was written. */
  readonly detail: string;
}

/** A link of the chain that recorded acts are held together by. */
export interface ChainLink {
  /** From 1, without a gap. */
  readonly number: number;
  readonly entryIds: readonly string[];
  /** The hash of the link before it, in hexadecimal, as all hashes here. */
  readonly previous: string;
  readonly hash: string;
  readonly at: number;
}

export interface PendingActs {
  readonly last: ChainLink | null;
  readonly entries: readonly RecordedAct[];
  readonly now: number;
}

/** All of them throw LedgerFault where PostgreSQL does not answer, or not in time. */
export interface KeepingSession {
  /** @returns how many finished transactions older than that were removed but for their slim rows (rule 10) */
  retire(olderThanDays: number, most: number): Promise<number>;
  /** A page of counters, by SKU and warehouse. */
  counters(after: CounterKey | null, limit: number): Promise<readonly Counter[]>;
  /** Those of them that differ from their rows. */
  drift(counters: readonly CounterKey[]): Promise<readonly Drift[]>;
  /** The acts that wait for a link of the chain, in order; the last link, and the clock. */
  pendingActs(most: number): Promise<PendingActs>;
  /** Adds a link, and takes what it holds off those that wait. */
  link(link: ChainLink): Promise<void>;
}

export interface Keeping {
  /**
   * Runs work where no other instance is at it.
   * @returns false where another is
   */
  exclusively(task: 'retention' | 'reconciliation' | 'audit', work: (session: KeepingSession) => Promise<void>): Promise<boolean>;
}
