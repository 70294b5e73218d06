// Owns the part of the stand-in of the heart (port-fake.ts) that is about stock: counters, movements, and their reads.
import type { CountStockCommand, MoveStockCommand, Verdict } from '../../src/coordinator/command.ts';
import { etagOf } from '../../src/coordinator/etag.ts';
import type { Movement, StockRow } from '../../src/coordinator/model.ts';
import type { Cursor, Page, StockFilter, StockHistoryEntry } from '../../src/coordinator/queries.ts';
import { type ProblemCode, problem } from '../../src/errors.ts';

export const FIXED_NOW_MS = Date.parse('2026-11-22T08:00:00.000Z');

export class StockFake {
  readonly movements = new Map<string, { readonly movement: Movement; readonly contentHash: string }>();
  readonly rows = new Map<string, StockRow>();
  readonly story: StockHistoryEntry[] = [];
  /** Thrown by every read while set. */
  readFault: Error | null = null;

  stockUp(sku: string, available: number, warehouse = 'default'): void {
    this.rows.set(`${sku} ${warehouse}`, { sku, warehouse, available, reserved: 0, deducted: 0, version: 1 });
  }

  async stock(sku: string): Promise<readonly StockRow[]> {
    this.failIfAsked();
    return this.#rowsOf(sku);
  }

  async stocks(filter: StockFilter, limit: number, after: Cursor | null): Promise<Page<readonly StockRow[]>> {
    this.failIfAsked();
    const skus = [...new Set([...this.rows.values()].map((row) => row.sku))].sort();
    const wanted = skus.filter((sku) => (filter.skus?.includes(sku) ?? true) && sku.startsWith(filter.prefix ?? ''));
    return pageOf(
      wanted.map((sku) => this.#rowsOf(sku)),
      limit,
      after,
      (rows) => [rows[0]?.sku ?? ''],
    );
  }

  async stockHistory(
    _sku: string,
    _warehouse: string | null,
    limit: number,
    after: Cursor | null,
  ): Promise<Page<StockHistoryEntry>> {
    this.failIfAsked();
    return pageOf(this.story, limit, after, (entry) => [
      String(entry.at),
      entry.movementId ?? entry.transactionId ?? '',
      entry.warehouse,
    ]);
  }

  async ping(): Promise<void> {
    this.failIfAsked();
  }

  protected failIfAsked(): void {
    if (this.readFault !== null) throw this.readFault;
  }

  #rowsOf(sku: string): StockRow[] {
    return [...this.rows.values()].filter((row) => row.sku === sku);
  }

  protected move(command: MoveStockCommand): Verdict {
    const known = this.movements.get(command.id);
    if (known !== undefined) {
      if (known.contentHash !== command.contentHash) return refuse('idempotency-mismatch');
      return { ok: true, replayed: true, movement: known.movement };
    }
    const delta = command.movementKind === 'WRITE_OFF' ? -command.quantity : command.quantity;
    const stock = this.#add(command.sku, command.warehouse, delta);
    if (stock === null) return refuse('insufficient-stock');
    const { id, sku, warehouse, movementKind: kind, quantity, reason } = command;
    const movement = { id, sku, warehouse, kind, quantity, reason, at: FIXED_NOW_MS, stock };
    this.movements.set(id, { movement, contentHash: command.contentHash });
    this.story.unshift({ at: FIXED_NOW_MS, warehouse, kind, quantity, movementId: id, reason });
    return { ok: true, replayed: false, movement };
  }

  protected count(command: CountStockCommand): Verdict {
    const rows = this.#rowsOf(command.sku);
    const { ifMatch } = command;
    const isCurrent = ifMatch === null || (rows.length > 0 && (ifMatch === 'any' || ifMatch.includes(etagOf(rows))));
    if (!isCurrent) return refuse('version-mismatch');
    const row = this.rows.get(`${command.sku} ${command.warehouse}`);
    const wanted = 'available' in command.counted ? command.counted.available : command.counted.onHand - (row?.reserved ?? 0);
    this.#add(command.sku, command.warehouse, wanted - (row?.available ?? 0));
    return { ok: true, replayed: false, stock: this.#rowsOf(command.sku) };
  }

  #add(sku: string, warehouse: string, delta: number): StockRow | null {
    const row = this.rows.get(`${sku} ${warehouse}`) ?? { sku, warehouse, available: 0, reserved: 0, deducted: 0, version: 0 };
    if (row.available + delta < 0) return null;
    const after = { ...row, available: row.available + delta, version: row.version + 1 };
    this.rows.set(`${sku} ${warehouse}`, after);
    return after;
  }
}

/** A refusal with the catalogue's status. */
export function refuse(code: ProblemCode, members?: Readonly<Record<string, unknown>>): Verdict {
  return { ok: false, replayed: false, problem: problem(code, `Refused by the stand-in: ${code}.`, members) };
}

/** One page of a list that is whole in memory. */
export function pageOf<T>(all: readonly T[], limit: number, after: Cursor | null, keyOf: (one: T) => Cursor): Page<T> {
  const start = after === null ? 0 : all.findIndex((one) => keyOf(one).join() === after.join()) + 1;
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  return { items, next: last !== undefined && start + limit < all.length ? keyOf(last) : null };
}
