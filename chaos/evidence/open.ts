// Owns the count of what has not reached its end.
import { setTimeout as delay } from 'node:timers/promises';
import { chaosStatement } from '../cluster/statement.ts';
import { withLedger } from './snapshot.ts';

const ASK_LIMIT_MS = 5_000;
const AGAIN_AFTER_MS = 200;
const TRIES = 10;

/**
 * @returns how many transactions are open
 * @throws Error where PostgreSQL, which nothing troubles any more, cannot be asked
 */
export async function countOpen(url: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await withLedger(url, ASK_LIMIT_MS, async (client) => {
        const { rows } = await client.query<{ open: number }>(chaosStatement('count_open.sql'));
        return rows[0]?.open ?? 0;
      });
    } catch (error) {
      if (attempt === TRIES) throw error;
      await delay(AGAIN_AFTER_MS);
    }
  }
}
