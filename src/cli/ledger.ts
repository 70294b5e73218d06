// Owns the one connection that a command has to the ledger.
import { LedgerFault } from '../coordinator/ledger.ts';
import { DatabaseUnavailable } from '../coordinator/queries.ts';
import { Pool } from '../ledger/pool.ts';
import { EXIT, Failure, reasonOf } from './failure.ts';

const TIMEOUT_MS = 30_000;

/**
 * Runs work on the ledger, and lets go of it.
 * @throws Failure where it cannot be reached, or its schema is older than this version
 */
export async function onLedger<T>(databaseUrl: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = new Pool({ databaseUrl, size: 1, timeoutMs: TIMEOUT_MS, onFault: () => {}, applicationName: 'holdfast command' });
  try {
    return await work(pool);
  } catch (error) {
    if (error instanceof Failure) throw error;
    const cause = causeOf(error);
    if (isMissing(cause))
      throw new Failure(EXIT.failed, 'The database has no schema of this version: run holdfast migrate first.');
    throw new Failure(isAway(error) ? EXIT.unreachable : EXIT.failed, `PostgreSQL did not do it: ${reasonOf(cause)}.`);
  } finally {
    await pool.end();
  }
}

function isAway(error: unknown): boolean {
  return error instanceof DatabaseUnavailable || (error instanceof LedgerFault && error.kind === 'unavailable');
}

function causeOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? causeOf(error.cause) : error;
}

/** invalid_schema_name, undefined_table, undefined_function. */
function isMissing(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === '3F000' || code === '42P01' || code === '42883';
}
