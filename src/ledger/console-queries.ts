// Owns what operators read of PostgreSQL, each one statement of sql/queries.
import type { ConsoleQueries, Deadlines, Holder, Holders, StockTotals, Story } from '../coordinator/console-queries.ts';
import type { TransactionId } from '../coordinator/model.ts';
import type { Cursor, Page } from '../coordinator/queries.ts';
import type { StoredTransaction } from '../coordinator/rows.ts';
import { attemptsOfText, eventsOfText, transactionOfText } from './documents.ts';
import { historyOf } from './history.ts';
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const BY_ID = statement('queries/transaction_by_id.sql');
const STUCK = statement('queries/stuck_transactions.sql');
const DEADLINES = statement('queries/next_deadlines.sql');
const HOLDERS = statement('queries/holders_of_sku.sql');
const TOTALS = statement('queries/totals_of_sku.sql');

/** What has been on the way for longer is worth a look: a whole call to a participant takes 3 s where nothing else is set. */
const STUCK_AFTER_MS = 10_000;
const MOST_DUE = 10_000;
/** I12: how many rows a look for holders goes through at most; a hundredth of a second or two. */
const ROWS_A_LOOK = 10_000;
const FIRST_PAGE: Cursor = ['0', '0', '00000000-0000-0000-0000-000000000000'];

export class PostgresConsoleQueries implements ConsoleQueries {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async story(id: TransactionId): Promise<Story | null> {
    const [row] = await this.#pool.read('transaction', BY_ID, [id]);
    if (row === undefined) return null;
    const transaction = transactionOfText(textOf(row[0]));
    const attempts = attemptsOfText(row[2] ?? null);
    return { transaction, history: historyOf(transaction, eventsOfText(row[1] ?? null), attempts), attempts };
  }

  async stuck(limit: number, after: Cursor | null): Promise<Page<StoredTransaction>> {
    const rows = await this.#pool.read('stuck', STUCK, [STUCK_AFTER_MS, ...(after ?? FIRST_PAGE), limit + 1]);
    const items = rows.slice(0, limit).map((row) => transactionOfText(textOf(row[0])));
    const [last, part] = [items.at(-1), rows[limit - 1]?.[1]];
    const isLast = rows.length <= limit || last === undefined;
    return { items, next: isLast ? null : [String(part), String(last.createdAt), last.id] };
  }

  async deadlines(limit: number): Promise<Deadlines> {
    const [row] = await this.#pool.read('next_deadlines', DEADLINES, [limit, MOST_DUE]);
    return JSON.parse(textOf(row?.[0])) as Deadlines;
  }

  async holders(sku: string, limit: number): Promise<Holders> {
    const [row] = await this.#pool.read('holders', HOLDERS, [sku, limit + 1, ROWS_A_LOOK]);
    const { reserved, found, items } = JSON.parse(textOf(row?.[0])) as Looked;
    return { items: items.slice(0, limit), more: items.length > limit || found < reserved };
  }

  async totals(sku: string): Promise<readonly StockTotals[]> {
    const rows = await this.#pool.read('totals', TOTALS, [sku]);
    return rows.map((row) => JSON.parse(textOf(row[0])) as StockTotals);
  }
}

interface Looked {
  /** Units, by the counters and by what was found. */
  readonly reserved: number;
  readonly found: number;
  readonly items: readonly Holder[];
}

function textOf(value: string | null | undefined): string {
  if (value === null || value === undefined) throw new Error('a column that is never null was null');
  return value;
}
