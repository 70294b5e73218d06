// Owns the harness's own connection to the ledger: past every proxy, and never waited for without an end.
import pg from 'pg';

const CONNECT_LIMIT_MS = 2_000;

/**
 * Asks on a connection of its own.
 * @param limitMs of each statement
 * @throws Error where PostgreSQL does not answer, or not in time
 */
export async function withLedger<T>(url: string, limitMs: number, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    query_timeout: limitMs,
    // The server ends what nobody waits for any more, and compiles nothing that runs once: a look is to cost the cluster little.
    statement_timeout: limitMs,
    options: '-c jit=off',
    application_name: 'chaos',
  });
  // It may be killed at any time; what is asked next fails then.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    // An end that is said in order waits for an answer, which a paused server does not give.
    client.end().catch(() => undefined);
  }
}
