// Owns the port through which the heart tells of the time that commands spend in it: waiting in a lane, in a batch, in PostgreSQL.
// src/telemetry implements it. It decides nothing: with UNTRACED, everything happens just the same.
import type { Command, Verdict } from './command.ts';

/** The statements of PostgreSQL that are told of, as sql/ names them. */
export type StatementName =
  | 'apply_commands'
  | 'apply_replies'
  | 'load_rows'
  | 'lock_rows'
  | 'save_changes'
  | 'transaction_by_id'
  | 'transactions_by_id'
  | 'transactions'
  | 'transactions_by_sku'
  | 'participants'
  | 'stock_by_sku'
  | 'stocks'
  | 'stock_history'
  | 'ping';

/** Where statements are told of. */
export interface StatementTracer {
  /** @returns its end; with what went wrong, where something did */
  statementBegun(name: StatementName): (fault?: unknown) => void;
}

/** A command as it waits: since when, by performance.now(). */
export interface Queued {
  readonly command: Command;
  readonly since: number;
}

export interface BatchTracer extends StatementTracer {
  /** The outcome of one of its commands is durable. */
  settled(command: Command, verdict: Verdict): void;
  /** It is over: what it carried is settled, or never will be. */
  ended(): void;
}

export interface LaneTracer {
  /** @returns null where nothing of this batch is recorded, as nearly always: then it costs nothing more */
  batchBegun(batch: readonly Queued[]): BatchTracer | null;
}

export const UNTRACED: LaneTracer = { batchBegun: () => null };

/** Tells of one piece of work on PostgreSQL. */
export async function traced<T>(tracer: StatementTracer, name: StatementName, work: () => Promise<T>): Promise<T> {
  const end = tracer.statementBegun(name);
  try {
    const result = await work();
    end();
    return result;
  } catch (error) {
    end(error);
    throw error;
  }
}
