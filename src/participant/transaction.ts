// Owns one database transaction from connection to connection: bounded in time, rolled back by any failure, and never
// leaving a connection that may be broken to the next call.
import type { Pool, PoolClient } from 'pg';
import { HandlerFailure, NoDatabase, TooSlow } from './faults.ts';
import { statement } from './statements.ts';

const BEGIN = statement('begin.sql');
const LIMITS = statement('limits.sql');
/** How much longer than the call the server lets the transaction idle. */
const IDLE_MARGIN_MS = 1000;
const BROKEN = 'a statement had failed and nothing was committed, though the handler went on';

export interface Limits {
  /** How long to wait for a connection, and for a lock, in ms. */
  readonly waitMs: number;
  /** How long the whole may take, in ms. */
  readonly timeoutMs: number;
}

export interface Ended<T> {
  readonly end: 'commit' | 'rollback';
  readonly value: T;
}

/**
 * Runs `work` in a transaction, READ COMMITTED whatever the database's default.
 * @param work gets the connection and a signal that is aborted when the time is over; says how the transaction ends
 * @throws TooSlow where there was not enough time, NoDatabase where there was no connection, or a handler lost it; else what `work` or PostgreSQL threw. Nothing was
 * stored then, except where the connection broke during COMMIT: that is unknown, and a repeat finds out
 */
export async function inTransaction<T>(
  pool: Pool,
  limits: Limits,
  work: (client: PoolClient, signal: AbortSignal) => Promise<Ended<T>>,
): Promise<T> {
  const client = await connect(pool, limits.waitMs);
  // Without a listener, a connection that breaks between two statements would end the process.
  const ignore = (): void => {};
  client.on('error', ignore);
  const abort = new AbortController();
  let isReusable = false;
  try {
    const value = await within(limits.timeoutMs, 'the call took too long', run(client, limits, work, abort.signal));
    isReusable = true;
    return value;
  } catch (error) {
    abort.abort(error);
    // What is still running on the connection after the time is over must not meet the next call.
    if (error instanceof TooSlow) throw error;
    isReusable = await isRolledBack(client, limits.waitMs);
    // Whatever the handler made of it.
    if (!isReusable && error instanceof HandlerFailure) throw new NoDatabase('the connection was lost', error.cause);
    throw error;
  } finally {
    // A connection that is thrown away is ended in the background, where an error may still come.
    if (isReusable) client.off('error', ignore);
    client.release(!isReusable);
  }
}

async function run<T>(
  client: PoolClient,
  limits: Limits,
  work: (client: PoolClient, signal: AbortSignal) => Promise<Ended<T>>,
  signal: AbortSignal,
): Promise<T> {
  await client.query(BEGIN);
  await client.query(LIMITS, [String(limits.waitMs), String(limits.timeoutMs + IDLE_MARGIN_MS)]);
  const { end, value } = await work(client, signal);
  // Whoever was told that the time is over must not be proved wrong by a commit.
  signal.throwIfAborted();
  const { command } = await client.query(end === 'commit' ? 'COMMIT' : 'ROLLBACK');
  // PostgreSQL answers COMMIT of a broken transaction with success, and ROLLBACK as its name.
  if (end === 'commit' && command !== 'COMMIT') throw new HandlerFailure(new Error(BROKEN));
  return value;
}

async function connect(pool: Pool, waitMs: number): Promise<PoolClient> {
  const connecting = pool.connect();
  try {
    return await within(waitMs, 'no connection of the pool came free', connecting);
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    // It may still come, and would then be lost to the pool.
    void connecting.then((client) => client.release()).catch(() => {});
    throw new NoDatabase(error.message);
  }
}

async function isRolledBack(client: PoolClient, waitMs: number): Promise<boolean> {
  try {
    await within(waitMs, 'the rollback took too long', client.query('ROLLBACK'));
    return true;
  } catch {
    return false;
  }
}

/** @throws TooSlow; what the promise does afterwards is of no interest */
async function within<T>(limitMs: number, message: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TooSlow(`${message} (${limitMs} ms)`)), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}
