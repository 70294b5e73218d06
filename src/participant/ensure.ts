// Owns the barrier's table: how it comes into the service's database where no migration of its own makes it.
import type { Pool } from 'pg';
import { statement } from './statements.ts';
import { inTransaction } from './transaction.ts';

const SERIALIZE = statement('serialize_creation.sql');
const STATEMENTS = [statement('create_barrier.sql'), statement('create_barrier_index.sql')] as const;

/** Any number of our own, the same in every instance. */
const LOCK_KEY = 7_205_006;
const LIMITS = { waitMs: 30_000, timeoutMs: 60_000 };

/**
 * Creates the table `holdfast_barrier` and its index, where they are missing, in the first schema of the connection's
 * search_path. Call it at the start of the service, before it listens; several instances may do so at once.
 * @throws what PostgreSQL says, such as that the role may not create tables: then nothing was created
 */
export async function ensureBarrier(pool: Pool): Promise<void> {
  await inTransaction(pool, LIMITS, async (client) => {
    await client.query(SERIALIZE, [LOCK_KEY]);
    for (const text of STATEMENTS) await client.query(text);
    return { end: 'commit', value: undefined };
  });
}
