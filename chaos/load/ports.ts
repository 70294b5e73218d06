// Owns how a run sees its load.
import type { OperationRecord } from '../record.ts';

export interface LoadOptions {
  readonly seed: number;
  /** Where each coordinator is asked, by its index. */
  readonly urls: readonly string[];
  /** Registered before the load starts. */
  readonly participants: readonly string[];
  /** How many stories are told at a time. */
  readonly actors: number;
  /** Hears of every operation once it has ended, or is given up. */
  record(operation: OperationRecord): void;
}

export interface Load {
  /** Stocks the SKUs; asked for once, before start(), while all is well. */
  stock(): Promise<void>;
  start(): void;
  /** Lets every operation under way end, and starts none until start() is called again. Stories go on where they were. */
  pause(): Promise<void>;
  /** Many times as much as can be served, beside the stories, until stopFlood(). */
  startFlood(): void;
  stopFlood(): Promise<void>;
  /** Answers heard so far, the flood's left out. */
  answered(): number;
  /** Ends for good. */
  stop(): Promise<void>;
}
