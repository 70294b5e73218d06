// Owns the reading side of PostgreSQL: what callers may ask for, each one statement of sql/queries.
import type { HistoryEvent, Participant, StockRow, Transaction, TransactionId } from '../coordinator/model.ts';
import type { Cursor, Due, Page, Queries, StockFilter, StockHistoryEntry, TransactionFilter } from '../coordinator/queries.ts';
import { nameArray, plainArray } from './arrays.ts';
import { attemptsOfText, eventsOfText, type StockTuple, stockOf, transactionOfText } from './documents.ts';
import { historyOf } from './history.ts';
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const BY_ID = statement('queries/transaction_by_id.sql');
const BY_IDS = statement('queries/transactions_by_id.sql');
const PARTICIPANTS = statement('queries/participants.sql');
const LIST = statement('queries/transactions.sql');
const LIST_BY_SKU = statement('queries/transactions_by_sku.sql');
const STOCK = statement('queries/stock_by_sku.sql');
const STOCKS = statement('queries/stocks.sql');
const STOCK_HISTORY = statement('queries/stock_history.sql');
const DUE = statement('queries/due_transactions.sql');
const PING = statement('queries/ping.sql');

const NIL = '00000000-0000-0000-0000-000000000000';

export class PostgresQueries implements Queries {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async transaction(id: TransactionId): Promise<{ transaction: Transaction; history: readonly HistoryEvent[] } | null> {
    const [row] = await this.#pool.read('transaction', BY_ID, [id]);
    if (row === undefined) return null;
    const transaction = transactionOfText(textOf(row[0]));
    return { transaction, history: historyOf(transaction, eventsOfText(row[1] ?? null), attemptsOfText(row[2] ?? null)) };
  }

  async transactionsById(ids: readonly TransactionId[]): Promise<readonly Transaction[]> {
    const rows = await this.#pool.read('transactions_by_id', BY_IDS, [plainArray(ids)]);
    return rows.map((row) => transactionOfText(textOf(row[0])));
  }

  async participants(name: string | null): Promise<readonly Participant[]> {
    const rows = await this.#pool.read('participants', PARTICIPANTS, [name]);
    return rows.map((row) => JSON.parse(textOf(row[0])) as Participant);
  }

  async transactions(filter: TransactionFilter, limit: number, after: Cursor | null): Promise<Page<Transaction>> {
    const values = [
      filter.state,
      filter.reference,
      filter.needsAttention,
      filter.createdAfter,
      filter.createdBefore,
      after?.[0],
      after?.[1],
      limit + 1,
    ];
    const rows =
      filter.sku === null
        ? await this.#pool.read(null, LIST, values)
        : await this.#pool.read(null, LIST_BY_SKU, [...values, filter.sku]);
    return pageOf(
      rows.map((row) => transactionOfText(textOf(row[0]))),
      limit,
      (last) => [String(last.createdAt), last.id],
    );
  }

  async stock(sku: string): Promise<readonly StockRow[]> {
    const rows = await this.#pool.read('stock', STOCK, [sku]);
    return rows.map((row) => stockOf(JSON.parse(textOf(row[0])) as StockTuple));
  }

  async stocks(filter: StockFilter, limit: number, after: Cursor | null): Promise<Page<readonly StockRow[]>> {
    const skus = filter.skus === null ? null : nameArray(filter.skus);
    const rows = await this.#pool.read(null, STOCKS, [filter.prefix, skus, after?.[0], limit + 1]);
    const items = rows.map((row) => (JSON.parse(textOf(row[0])) as StockTuple[]).map(stockOf));
    return pageOf(items, limit, (last) => [last[0]?.sku ?? '']);
  }

  async stockHistory(
    sku: string,
    warehouse: string | null,
    limit: number,
    after: Cursor | null,
  ): Promise<Page<StockHistoryEntry>> {
    const rows = await this.#pool.read('stock_history', STOCK_HISTORY, [
      sku,
      warehouse,
      after?.[0],
      after?.[1],
      after?.[2],
      limit + 1,
    ]);
    const items = rows.map((row) => JSON.parse(textOf(row[0])) as StockHistoryEntry);
    return pageOf(items, limit, (last) => [String(last.at), last.movementId ?? last.transactionId ?? '', last.warehouse]);
  }

  /**
   * Whose deadline has come, oldest first.
   * @param after the last one read before; null for the first
   */
  async dueTransactions(limit: number, after: Due | null): Promise<readonly Due[]> {
    const rows = await this.#pool.read('due', DUE, [limit, after?.expiresAt ?? 0, after?.id ?? NIL]);
    return rows.map((row) => ({ id: textOf(row[0]) as TransactionId, expiresAt: Number(row[1]), origin: row[2] ?? null }));
  }

  async ping(): Promise<void> {
    await this.#pool.read('ping', PING, []);
  }
}

/** One row more than the page was asked for: it says whether there is a next page, and is left out. */
function pageOf<T>(rows: readonly T[], limit: number, keyOf: (last: T) => Cursor): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? keyOf(last) : null };
}

function textOf(value: string | null | undefined): string {
  if (value === null || value === undefined) throw new Error('a column that is never null was null');
  return value;
}
