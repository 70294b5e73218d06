// Owns the reads as one recorded request sees them: the same questions, with the time of each told.
import type { HistoryEvent, Participant, StockRow, Transaction, TransactionId } from './model.ts';
import type { Cursor, Page, Queries, StockFilter, StockHistoryEntry, TransactionFilter } from './queries.ts';
import { type StatementTracer, traced } from './tracer.ts';

export class TracedQueries implements Queries {
  readonly #queries: Queries;
  readonly #tracer: StatementTracer;

  constructor(queries: Queries, tracer: StatementTracer) {
    this.#queries = queries;
    this.#tracer = tracer;
  }

  transaction(id: TransactionId): Promise<{ transaction: Transaction; history: readonly HistoryEvent[] } | null> {
    return traced(this.#tracer, 'transaction_by_id', () => this.#queries.transaction(id));
  }

  transactionsById(ids: readonly TransactionId[]): Promise<readonly Transaction[]> {
    return traced(this.#tracer, 'transactions_by_id', () => this.#queries.transactionsById(ids));
  }

  participants(name: string | null): Promise<readonly Participant[]> {
    return traced(this.#tracer, 'participants', () => this.#queries.participants(name));
  }

  transactions(filter: TransactionFilter, limit: number, after: Cursor | null): Promise<Page<Transaction>> {
    const name = filter.sku === null ? 'transactions' : 'transactions_by_sku';
    return traced(this.#tracer, name, () => this.#queries.transactions(filter, limit, after));
  }

  stock(sku: string): Promise<readonly StockRow[]> {
    return traced(this.#tracer, 'stock_by_sku', () => this.#queries.stock(sku));
  }

  stocks(filter: StockFilter, limit: number, after: Cursor | null): Promise<Page<readonly StockRow[]>> {
    return traced(this.#tracer, 'stocks', () => this.#queries.stocks(filter, limit, after));
  }

  stockHistory(sku: string, warehouse: string | null, limit: number, after: Cursor | null): Promise<Page<StockHistoryEntry>> {
    return traced(this.#tracer, 'stock_history', () => this.#queries.stockHistory(sku, warehouse, limit, after));
  }

  ping(): Promise<void> {
    return traced(this.#tracer, 'ping', () => this.#queries.ping());
  }
}
