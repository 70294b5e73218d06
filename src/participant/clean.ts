// Owns the removal of what was settled long ago: in chunks that hold no lock for long, by hand or by a timer.
import type { Pool } from 'pg';
import { report } from './faults.ts';
import { keepOf, type Settings } from './options.ts';
import { statement } from './statements.ts';
import { inTransaction } from './transaction.ts';

const CLEAN = statement('clean.sql');
const CHUNK_BRANCHES = 1000;
const LIMITS = { waitMs: 5000, timeoutMs: 30_000 };

export interface CleanOptions {
  /** How long settled branches are remembered, in ms, at least a day. Default 30 days. */
  readonly keepMs?: number;
  /** How many branches are removed in one transaction. Default 1000. */
  readonly chunkBranches?: number;
  /** Stops it between two chunks. */
  readonly signal?: AbortSignal;
}

/**
 * Removes the marks of branches whose Confirm or Cancel is older than `keepMs`, all of them, in chunks. A branch that is
 * undecided is never removed. Several instances may clean at once.
 * @returns how many rows are gone
 * @throws RangeError by the options; what PostgreSQL says, after the chunks that were removed
 */
export async function cleanBarrier(pool: Pool, options: CleanOptions = {}): Promise<number> {
  const keepMs = keepOf(options.keepMs);
  const chunk = options.chunkBranches ?? CHUNK_BRANCHES;
  if (!Number.isSafeInteger(chunk) || chunk < 1) throw new RangeError('chunkBranches must be an integer from 1');
  let total = 0;
  while (options.signal?.aborted !== true) {
    const removed = await removeChunk(pool, keepMs, chunk);
    total += removed.rows;
    if (removed.branches < chunk) break;
  }
  return total;
}

interface Removed {
  readonly branches: number;
  readonly rows: number;
}

function removeChunk(pool: Pool, keepMs: number, chunk: number): Promise<Removed> {
  return inTransaction(pool, LIMITS, async (client) => {
    const result = await client.query<Removed>(CLEAN, [keepMs, chunk]);
    return { end: 'commit', value: result.rows[0] ?? { branches: 0, rows: 0 } };
  });
}

/**
 * Cleans now and then, from some time after the start on; the timer keeps no process alive.
 * @returns ends it, and waits for the chunk under way
 */
export function cleanRegularly<Payload>(settings: Settings<Payload>): () => Promise<void> {
  const { pool, keepMs, cleanEveryMs, onFault } = settings;
  const stop = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const clean = async (): Promise<void> => {
    try {
      await cleanBarrier(pool, { keepMs, signal: stop.signal });
    } catch (error) {
      report(onFault, { kind: 'cleaning', message: 'old rows of the barrier could not be removed', error }, null);
    }
    if (!stop.signal.aborted) timer = later();
  };
  const later = (): NodeJS.Timeout =>
    setTimeout(
      () => {
        running = clean();
      },
      // Spread, so that instances that were started together do not clean together.
      Math.ceil(cleanEveryMs * (0.5 + Math.random() / 2)),
    ).unref();
  let timer = later();
  return async () => {
    stop.abort();
    clearTimeout(timer);
    await running;
  };
}
