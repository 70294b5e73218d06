// Owns the one stand-in that contract tests of HTTP use: the ports Coordinator and Queries, in memory. It knows enough of the rules
// to answer as the contract says; the real heart has tests of its own.
import type {
  CancelCommand,
  Command,
  ConfirmCommand,
  Coordinator,
  CountStockCommand,
  ExtendCommand,
  MoveStockCommand,
  RefundCommand,
  TryCommand,
  Verdict,
  VerdictOf,
} from '../../src/coordinator/command.ts';
import { etagOf } from '../../src/coordinator/etag.ts';
import type { Movement, StockRow, Transaction, TransactionId, TransactionState } from '../../src/coordinator/model.ts';
import type { Cursor, Page, Queries, StockFilter, StockHistoryEntry, TransactionFilter } from '../../src/coordinator/queries.ts';
import { type ProblemCode, problem } from '../../src/errors.ts';

interface Known {
  transaction: Transaction;
  readonly contentHash: string;
  readonly refusal: ProblemCode | null;
}

export const FIXED_NOW_MS = Date.parse('2026-11-22T08:00:00.000Z');

/** Both ports over plain maps. `commands` holds everything submitted; `next` answers the next command instead of the rules. */
export class PortFake implements Coordinator, Queries {
  readonly commands: Command[] = [];
  readonly transactionsById = new Map<string, Known>();
  readonly movements = new Map<string, { readonly movement: Movement; readonly contentHash: string }>();
  readonly rows = new Map<string, StockRow>();
  readonly story: StockHistoryEntry[] = [];
  /** Called first; whatever it returns is the verdict. Throwing here is how a test makes the port fail. */
  intercept: ((command: Command) => Verdict | null | Promise<Verdict | null>) | null = null;
  /** Thrown by every read while set. */
  readFault: Error | null = null;

  async submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    this.commands.push(command);
    const verdict = (await this.intercept?.(command)) ?? this.#decide(command);
    return verdict as VerdictOf<C>;
  }

  stockUp(sku: string, available: number, warehouse = 'default'): void {
    this.rows.set(`${sku} ${warehouse}`, { sku, warehouse, available, reserved: 0, deducted: 0, version: 1 });
  }

  async transaction(id: TransactionId) {
    this.#failIfAsked();
    const known = this.transactionsById.get(id);
    if (known === undefined) return null;
    const history = [{ at: FIXED_NOW_MS, event: 'TRY', from: null, to: known.transaction.state, detail: null }];
    return { transaction: known.transaction, history };
  }

  async transactions(filter: TransactionFilter, limit: number, after: Cursor | null): Promise<Page<Transaction>> {
    this.#failIfAsked();
    const all = [...this.transactionsById.values()]
      .map((known) => known.transaction)
      .filter((one) => filter.state === null || one.state === filter.state);
    return pageOf(all, limit, after, (one) => [String(one.createdAt), one.id]);
  }

  async stock(sku: string): Promise<readonly StockRow[]> {
    this.#failIfAsked();
    return this.#rowsOf(sku);
  }

  async stocks(filter: StockFilter, limit: number, after: Cursor | null): Promise<Page<readonly StockRow[]>> {
    this.#failIfAsked();
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
    this.#failIfAsked();
    return pageOf(this.story, limit, after, (entry) => [
      String(entry.at),
      entry.movementId ?? entry.transactionId ?? '',
      entry.warehouse,
    ]);
  }

  async ping(): Promise<void> {
    this.#failIfAsked();
  }

  #failIfAsked(): void {
    if (this.readFault !== null) throw this.readFault;
  }

  #rowsOf(sku: string): StockRow[] {
    return [...this.rows.values()].filter((row) => row.sku === sku);
  }

  #decide(command: Command): Verdict {
    switch (command.kind) {
      case 'try':
        return this.#try(command);
      case 'move-stock':
        return this.#move(command);
      case 'count-stock':
        return this.#count(command);
      case 'expire':
        return refuse('invalid-transition');
      default:
        return this.#change(command);
    }
  }

  #try(command: TryCommand): Verdict {
    const known = this.transactionsById.get(command.id);
    if (known !== undefined) return replay(known, command);
    const unknown = command.items.find((item) => !this.rows.has(`${item.sku} ${item.warehouse}`));
    if (unknown !== undefined) return refuse('unknown-sku');
    const shortages = command.items
      .map(({ sku, warehouse, quantity }) => ({
        sku,
        warehouse,
        requested: quantity,
        available: this.rows.get(`${sku} ${warehouse}`)?.available ?? 0,
      }))
      .filter((item) => item.available < item.requested);
    const isShort = shortages.length > 0;
    const transaction = transactionOf(command, isShort ? 'CANCELLED' : 'TRIED');
    const refusal = isShort ? 'insufficient-stock' : null;
    if (!isShort || command.idGiven)
      this.transactionsById.set(command.id, { transaction, contentHash: command.contentHash, refusal });
    if (isShort)
      return { ok: false, replayed: false, problem: problem('insufficient-stock', 'There is not enough.', { shortages }) };
    return { ok: true, replayed: false, transaction };
  }

  #change(command: ConfirmCommand | CancelCommand | ExtendCommand | RefundCommand): Verdict {
    const known = this.transactionsById.get(command.id);
    if (known === undefined) {
      if (command.kind !== 'cancel') return refuse('unknown-transaction');
      const transaction = { ...blank(command.id, 'CANCELLED'), reason: 'cancelled-before-try' as const, note: command.note };
      this.transactionsById.set(command.id, { transaction, contentHash: '', refusal: 'transaction-cancelled' });
      return { ok: true, replayed: false, transaction };
    }
    const { state } = known.transaction;
    const target = { confirm: 'CONFIRMED', cancel: 'CANCELLED', extend: 'TRIED', refund: 'CONFIRMED' }[
      command.kind
    ] as TransactionState;
    const isFit =
      command.kind === 'refund' ? state === 'CONFIRMED' : state === 'TRIED' || (state === target && command.kind !== 'extend');
    if (!isFit) return { ok: false, replayed: false, problem: problem('invalid-transition', `It is ${state}.`, { state }) };
    known.transaction = {
      ...known.transaction,
      state: target,
      ...(command.kind === 'cancel' ? { reason: 'requested', note: command.note } : {}),
    };
    return { ok: true, replayed: false, transaction: known.transaction };
  }

  #move(command: MoveStockCommand): Verdict {
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

  #count(command: CountStockCommand): Verdict {
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

/** A transaction without items. */
export function blank(id: TransactionId, state: TransactionState): Transaction {
  const at = FIXED_NOW_MS;
  const times = { createdAt: at, expiresAt: at + 900_000, updatedAt: at };
  return {
    id,
    state,
    reason: null,
    note: null,
    needsAttention: false,
    items: [],
    branches: [],
    reference: null,
    metadata: null,
    ...times,
  };
}

function transactionOf(command: TryCommand, state: TransactionState): Transaction {
  const items = command.items.map((item) => ({
    ...item,
    state: state === 'TRIED' ? ('RESERVED' as const) : ('AVAILABLE' as const),
    deducted: 0,
    refunded: 0,
  }));
  const reason = state === 'CANCELLED' ? ('insufficient-stock' as const) : null;
  const { reference, metadata } = command;
  return { ...blank(command.id, state), items, reason, reference, metadata, expiresAt: FIXED_NOW_MS + command.timeoutMs };
}

function replay(known: Known, command: TryCommand): Verdict {
  if (known.refusal === 'transaction-cancelled' || known.transaction.reason === 'requested')
    return refuse('transaction-cancelled');
  if (known.contentHash !== command.contentHash) return refuse('idempotency-mismatch');
  if (known.refusal !== null)
    return { ok: false, replayed: true, problem: problem(known.refusal, 'There was not enough.', { shortages: [] }) };
  return { ok: true, replayed: true, transaction: known.transaction };
}

function pageOf<T>(all: readonly T[], limit: number, after: Cursor | null, keyOf: (one: T) => Cursor): Page<T> {
  const start = after === null ? 0 : all.findIndex((one) => keyOf(one).join() === after.join()) + 1;
  const items = all.slice(start, start + limit);
  const last = items.at(-1);
  return { items, next: last !== undefined && start + limit < all.length ? keyOf(last) : null };
}
