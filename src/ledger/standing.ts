// Owns the look at how things stand in the ledger.
import type { Standing, Standings } from '../coordinator/standing.ts';
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const STANDING = statement('queries/standing.sql');
/** More than that are due: then the exact number tells nothing more. */
const MOST_DUE = 10_000;

export class PostgresStandings implements Standings {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async standing(): Promise<Standing> {
    const [row] = await this.#pool.read('standing', STANDING, [MOST_DUE]);
    // The statement always answers one row, whose column is never null.
    return JSON.parse(row?.[0] as string) as Standing;
  }
}
