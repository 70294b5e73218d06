// Owns the course of one import: rows in windows to the coordinator, waits where it is busy, and the tally.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Coordinator, CountStockCommand, Refused } from '../coordinator/command.ts';
import { type Problem, type ProblemCode, problem } from '../errors.ts';

/** How many rows are in flight at once: enough to fill a batch of the lane, too few to fill its queue. */
const WINDOW_ROWS = 200;
const MAX_ERRORS_NAMED = 1_000;
const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 1_000;
/** How long an import waits in all for a busy or lost database before it reports rows as failed; good again after a success. */
const PATIENCE_MS = 30_000;

interface RowError {
  readonly line: number;
  readonly code: ProblemCode;
  readonly detail: string;
}

interface PendingRow {
  readonly line: number;
  readonly command: CountStockCommand;
}

/** Takes rows in order and keeps count. Rows on one SKU and warehouse take effect in the order of the file, retries included. */
export class ImportRun {
  accepted = 0;
  rejected = 0;
  readonly errors: RowError[] = [];
  readonly #coordinator: Coordinator;
  readonly #isDraining: () => boolean;
  readonly #window = new Map<string, PendingRow>();
  #patienceMs = PATIENCE_MS;

  /** @param isDraining no row is waited for once it is true: the process has only seconds left */
  constructor(coordinator: Coordinator, isDraining: () => boolean) {
    this.#coordinator = coordinator;
    this.#isDraining = isDraining;
  }

  /** Adds a good row; waits where the window is full. */
  async add(line: number, command: CountStockCommand): Promise<void> {
    const key = `${command.sku} ${command.warehouse}`;
    // One row per counter and window: a retried row must never overtake, or fall behind, another on the same counter.
    if (this.#window.size >= WINDOW_ROWS || this.#window.has(key)) await this.flush();
    this.#window.set(key, { line, command });
  }

  /** Counts a bad row. */
  reject(line: number, refusal: Problem): void {
    this.rejected += 1;
    if (this.errors.length < MAX_ERRORS_NAMED) this.errors.push({ line, code: refusal.code, detail: refusal.detail });
  }

  /** Submits what waits, and waits for all of it. */
  async flush(): Promise<void> {
    let rows = [...this.#window.values()];
    this.#window.clear();
    for (let waitMs = FIRST_WAIT_MS; rows.length > 0; waitMs = Math.min(2 * waitMs, MAX_WAIT_MS)) {
      rows = await this.#submit(rows);
      if (rows.length === 0) return;
      this.#patienceMs -= waitMs;
      await sleep(waitMs);
    }
  }

  /** The answer's body. */
  report(): string {
    this.errors.sort((left, right) => left.line - right.line);
    return JSON.stringify({ accepted: this.accepted, rejected: this.rejected, errors: this.errors });
  }

  /** @returns the rows to send again */
  async #submit(rows: readonly PendingRow[]): Promise<PendingRow[]> {
    const again: PendingRow[] = [];
    // A row that fails unforeseen is named like any other; those before it have landed and must be told.
    const verdicts = await Promise.all(
      rows.map(({ command }) =>
        this.#coordinator.submit(command).catch(
          (): Refused => ({
            ok: false,
            replayed: false,
            problem: problem('internal-error', 'An unforeseen fault; it is logged.'),
          }),
        ),
      ),
    );
    verdicts.forEach((verdict, index) => {
      const row = rows[index];
      if (row === undefined) return;
      if (verdict.ok) {
        this.accepted += 1;
        this.#patienceMs = PATIENCE_MS;
      } else if (isPassing(verdict.problem) && this.#patienceMs > 0 && !this.#isDraining()) again.push(row);
      else this.reject(row.line, verdict.problem);
    });
    return again;
  }
}

/** Why a line was not even parsed. */
export function lineProblem(fault: 'too-long' | 'not-utf8'): Problem {
  return fault === 'too-long'
    ? problem('body-too-large', 'The line is longer than 65536 bytes.')
    : problem('invalid-request', 'The line is not valid UTF-8.');
}

function isPassing(refusal: Problem): boolean {
  return refusal.code === 'overloaded' || refusal.code === 'database-unavailable';
}
