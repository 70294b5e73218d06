// Owns the simple model of what the contract promises, written apart from the core: one command after the other, on plain maps,
// each answered with one word. The property test asks it whether some order explains what the core said.
import type {
  Command,
  ConfirmCommand,
  CountStockCommand,
  MoveStockCommand,
  RefundCommand,
  TryCommand,
} from '../../src/coordinator/command.ts';
import type { BasketItem } from '../../src/coordinator/model.ts';

interface ModelItem {
  readonly key: string;
  readonly quantity: number;
  sold: number;
  back: number;
}

interface ModelTransaction {
  state: 'TRIED' | 'CONFIRMED' | 'CANCELLED';
  reason: 'requested' | 'expired' | 'insufficient-stock' | 'cancelled-before-try' | null;
  readonly content: string;
  expiresAt: number;
  readonly items: ModelItem[];
}

interface ModelStock {
  available: number;
  reserved: number;
  deducted: number;
}

interface Books {
  readonly stock: Map<string, ModelStock>;
  readonly transactions: Map<string, ModelTransaction>;
  /** Of movements and refunds: id → content and what was answered. */
  readonly kept: Map<string, { readonly content: string; readonly answer: string }>;
}

const keyOf = (item: { readonly sku: string; readonly warehouse: string }): string => `${item.sku} ${item.warehouse}`;

/** An answer is a problem's code, a transaction's state, or 'done'. */
export class Model {
  readonly books: Books;

  constructor(books: Books = { stock: new Map(), transactions: new Map(), kept: new Map() }) {
    this.books = books;
  }

  copy(): Model {
    return new Model(structuredClone(this.books));
  }

  tell(command: Command, now: number): string {
    switch (command.kind) {
      case 'try':
        return this.#try(command, now);
      case 'move-stock':
        return this.#keptOnce(`movement ${command.id}`, command.contentHash, () => this.#move(command));
      case 'count-stock':
        return this.#count(command);
      default: {
        const known = this.books.transactions.get(command.id);
        if (known === undefined && command.kind === 'cancel') {
          this.#keep(command.id, { state: 'CANCELLED', reason: 'cancelled-before-try', content: '', expiresAt: now, items: [] });
          return 'CANCELLED';
        }
        if (known === undefined) return 'unknown-transaction';
        if (command.kind === 'confirm') return this.#confirm(known, command, now);
        if (command.kind === 'refund') return this.#refund(known, command);
        if (command.kind === 'extend') return extend(known, now, command.timeoutMs);
        return this.#release(known, command.kind, now);
      }
    }
  }

  #try(command: TryCommand, now: number): string {
    const known = this.books.transactions.get(command.id);
    if (known !== undefined) {
      if (known.reason === 'cancelled-before-try') return 'transaction-cancelled';
      if (known.content !== command.contentHash) return 'idempotency-mismatch';
      if (known.state === 'TRIED') return now >= known.expiresAt ? 'reservation-expired' : 'TRIED';
      if (known.state === 'CONFIRMED') return 'CONFIRMED';
      if (known.reason === 'expired') return 'reservation-expired';
      return known.reason === 'insufficient-stock' ? 'insufficient-stock' : 'transaction-cancelled';
    }
    const rows = command.items.map((item) => ({ item, row: this.books.stock.get(keyOf(item)) }));
    if (rows.some(({ row }) => row === undefined)) return 'unknown-sku';
    const items = command.items.map((item) => ({ key: keyOf(item), quantity: item.quantity, sold: 0, back: 0 }));
    const begun = { content: command.contentHash, expiresAt: now + command.timeoutMs, items } as const;
    if (rows.some(({ item, row }) => (row?.available ?? 0) < item.quantity)) {
      if (command.idGiven) this.#keep(command.id, { ...begun, state: 'CANCELLED', reason: 'insufficient-stock' });
      return 'insufficient-stock';
    }
    for (const { item } of rows) this.#add(keyOf(item), -item.quantity, item.quantity, 0);
    this.#keep(command.id, { ...begun, state: 'TRIED', reason: null });
    return 'TRIED';
  }

  #confirm(known: ModelTransaction, command: ConfirmCommand, now: number): string {
    if (known.reason === 'expired') return 'reservation-expired';
    if (known.state === 'CANCELLED') return 'invalid-transition';
    const sold = known.items.map(({ key, quantity }) => (command.items === null ? quantity : namedOf(command.items, key)));
    const isForeign = command.items?.some((item) => !known.items.some(({ key }) => key === keyOf(item))) ?? false;
    if (known.state === 'CONFIRMED') {
      return !isForeign && known.items.every((item, index) => item.sold === sold[index]) ? 'CONFIRMED' : 'idempotency-mismatch';
    }
    if (now >= known.expiresAt) return 'reservation-expired';
    if (isForeign || known.items.some((item, index) => (sold[index] ?? 0) > item.quantity)) return 'quantity-exceeded';
    known.items.forEach((item, index) => {
      item.sold = sold[index] ?? 0;
      this.#add(item.key, item.quantity - item.sold, -item.quantity, item.sold);
    });
    known.state = 'CONFIRMED';
    return 'CONFIRMED';
  }

  #release(known: ModelTransaction, kind: 'cancel' | 'expire', now: number): string {
    if (known.state === 'CANCELLED') return 'CANCELLED';
    if (known.state === 'CONFIRMED' || (kind === 'expire' && now < known.expiresAt)) return 'invalid-transition';
    for (const item of known.items) this.#add(item.key, item.quantity, -item.quantity, 0);
    known.state = 'CANCELLED';
    known.reason = now >= known.expiresAt ? 'expired' : 'requested';
    return 'CANCELLED';
  }

  #refund(known: ModelTransaction, command: RefundCommand): string {
    if (known.state !== 'CONFIRMED') return 'invalid-transition';
    const refund = (): string => {
      const back = known.items.map((item) => (command.items === null ? item.sold - item.back : namedOf(command.items, item.key)));
      const isForeign = command.items?.some((item) => !known.items.some(({ key }) => key === keyOf(item))) ?? false;
      if (isForeign || known.items.some((item, index) => (back[index] ?? 0) > item.sold - item.back)) return 'quantity-exceeded';
      known.items.forEach((item, index) => {
        item.back += back[index] ?? 0;
        this.#add(item.key, back[index] ?? 0, 0, -(back[index] ?? 0));
      });
      return 'CONFIRMED';
    };
    return command.refundId === null
      ? refund()
      : this.#keptOnce(`refund ${command.id} ${command.refundId}`, command.contentHash, refund);
  }

  #move(command: MoveStockCommand): string {
    const signed = command.movementKind === 'WRITE_OFF' ? -command.quantity : command.quantity;
    if ((this.books.stock.get(keyOf(command))?.available ?? 0) + signed < 0) return 'insufficient-stock';
    this.#add(keyOf(command), signed, 0, 0);
    return 'done';
  }

  #count(command: CountStockCommand): string {
    const row = this.books.stock.get(keyOf(command)) ?? { available: 0, reserved: 0, deducted: 0 };
    const available = 'available' in command.counted ? command.counted.available : command.counted.onHand - row.reserved;
    if (available < 0) return 'insufficient-stock';
    this.#add(keyOf(command), available - row.available, 0, 0);
    return 'done';
  }

  #keptOnce(id: string, content: string, work: () => string): string {
    const known = this.books.kept.get(id);
    if (known !== undefined) return known.content === content ? known.answer : 'idempotency-mismatch';
    const answer = work();
    this.books.kept.set(id, { content, answer });
    return answer;
  }

  #keep(id: string, transaction: ModelTransaction): void {
    this.books.transactions.set(id, transaction);
  }

  #add(key: string, available: number, reserved: number, deducted: number): void {
    const row = this.books.stock.get(key) ?? { available: 0, reserved: 0, deducted: 0 };
    this.books.stock.set(key, {
      available: row.available + available,
      reserved: row.reserved + reserved,
      deducted: row.deducted + deducted,
    });
  }
}

function extend(known: ModelTransaction, now: number, timeoutMs: number): string {
  if (known.reason === 'expired') return 'reservation-expired';
  if (known.state !== 'TRIED') return 'invalid-transition';
  if (now >= known.expiresAt) return 'reservation-expired';
  known.expiresAt = now + timeoutMs;
  return 'TRIED';
}

function namedOf(items: readonly BasketItem[], key: string): number {
  return items.find((item) => keyOf(item) === key)?.quantity ?? 0;
}
