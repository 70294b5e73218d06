// Owns the ledger as one recorded batch sees it: the same calls, with the time of each statement told.
import type { Applied, AppliedReplies, DoneReply, Keys, Ledger, PlainCommand, Snapshot } from './ledger.ts';
import type { Change } from './rows.ts';
import { type StatementTracer, traced } from './tracer.ts';

export class TracedLedger implements Ledger {
  readonly #ledger: Ledger;
  readonly #tracer: StatementTracer;

  constructor(ledger: Ledger, tracer: StatementTracer) {
    this.#ledger = ledger;
    this.#tracer = tracer;
  }

  apply(commands: readonly PlainCommand[], again: boolean): Promise<Applied> {
    return traced(this.#tracer, 'apply_commands', () => this.#ledger.apply(commands, again));
  }

  applyReplies(replies: readonly DoneReply[]): Promise<AppliedReplies> {
    return traced(this.#tracer, 'apply_replies', () => this.#ledger.applyReplies(replies));
  }

  load(keys: Keys): Promise<Snapshot> {
    return traced(this.#tracer, 'load_rows', () => this.#ledger.load(keys));
  }

  /** Two statements: up to the decision the locks and the look, from there on the changes and their commit. */
  async exclusively(keys: Keys, decideAll: (snapshot: Snapshot) => readonly Change[]): Promise<void> {
    let end = this.#tracer.statementBegun('lock_rows');
    try {
      await this.#ledger.exclusively(keys, (snapshot) => {
        end();
        end = () => {};
        const changes = decideAll(snapshot);
        if (changes.length > 0) end = this.#tracer.statementBegun('save_changes');
        return changes;
      });
      end();
    } catch (error) {
      end(error);
      throw error;
    }
  }
}
