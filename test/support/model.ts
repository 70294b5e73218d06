// Owns the simple model of what the contract promises, written apart from the core: one command after the other, on plain maps,
// each answered with one word. The property test asks it whether some order explains what the core said.
import type {
  Command,
  ConfirmCommand,
  CountStockCommand,
  MoveStockCommand,
  RefundCommand,
  TransactionCommand,
  TryCommand,
} from '../../src/coordinator/command.ts';
import type { BasketItem, CancelReason } from '../../src/coordinator/model.ts';
import { askAll, askWaiting, type Branched, hear, isSettled, type ModelBranch, newBranch, resolve } from './model-branches.ts';

interface ModelItem {
  readonly key: string;
  readonly quantity: number;
  sold: number;
  back: number;
}

interface ModelTransaction {
  state: Branched['state'];
  reason: CancelReason | null;
  readonly content: string;
  expiresAt: number;
  readonly items: ModelItem[];
  readonly branches: ModelBranch[];
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
  readonly participants: Set<string>;
}

const keyOf = (item: { readonly sku: string; readonly warehouse: string }): string => `${item.sku} ${item.warehouse}`;

/** An answer is a problem's code, a transaction's state, or 'done'. */
export class Model {
  readonly books: Books;

  constructor(books: Books = { stock: new Map(), transactions: new Map(), kept: new Map(), participants: new Set() }) {
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
      case 'put-participant':
        this.books.participants.add(command.name);
        return 'done';
      case 'remove-participant':
        return this.#removeParticipant(command.name);
      default: {
        const known = this.books.transactions.get(command.id);
        if (known === undefined && command.kind === 'cancel') {
          const begun = { content: '', expiresAt: now, items: [], branches: [] };
          this.#keep(command.id, { ...begun, state: 'CANCELLED', reason: 'cancelled-before-try' });
          return 'CANCELLED';
        }
        return known === undefined ? 'unknown-transaction' : this.#tellOf(known, command, now);
      }
    }
  }

  /** Somebody takes up whatever is due. */
  claim(now: number): void {
    for (const known of this.books.transactions.values()) askWaiting(known, (at) => at <= now);
  }

  #tellOf(known: ModelTransaction, command: Exclude<TransactionCommand, TryCommand>, now: number): string {
    switch (command.kind) {
      case 'confirm':
        return this.#confirm(known, command, now);
      case 'refund':
        return this.#refund(known, command);
      case 'extend':
        return extend(known, now, command.timeoutMs);
      case 'cancel':
      case 'expire':
        return this.#release(known, command.kind, now);
      case 'branch-reply': {
        const reason = hear(known, command, now);
        if (reason !== null) this.#free(known, reason);
        // Nobody asks how far the others have come: a late reply may be told of them before or after.
        return 'heard';
      }
      case 'retry':
        askWaiting(known, () => true);
        return known.state;
      case 'resolve':
        return resolve(known, command);
    }
  }

  #removeParticipant(name: string): string {
    if (!this.books.participants.has(name)) return 'unknown-participant';
    const isInUse = [...this.books.transactions.values()].some(({ branches }) =>
      branches.some((branch) => branch.participant === name && !isSettled(branch)),
    );
    if (isInUse) return 'invalid-transition';
    this.books.participants.delete(name);
    return 'done';
  }

  #try(command: TryCommand, now: number): string {
    const known = this.books.transactions.get(command.id);
    if (known !== undefined) {
      if (known.reason === 'cancelled-before-try') return 'transaction-cancelled';
      if (known.content !== command.contentHash) return 'idempotency-mismatch';
      if (known.reason === null && known.state.startsWith('TR') && now >= known.expiresAt) return 'reservation-expired';
      if (known.reason === null) return known.state;
      if (known.reason === 'expired') return 'reservation-expired';
      return known.reason === 'requested' ? 'transaction-cancelled' : known.reason;
    }
    if (command.branches.some(({ participant }) => !this.books.participants.has(participant))) return 'unknown-participant';
    const rows = command.items.map((item) => ({ item, row: this.books.stock.get(keyOf(item)) }));
    if (rows.some(({ row }) => row === undefined)) return 'unknown-sku';
    const items = command.items.map((item) => ({ key: keyOf(item), quantity: item.quantity, sold: 0, back: 0 }));
    const begun = { content: command.contentHash, expiresAt: now + command.timeoutMs, items } as const;
    if (rows.some(({ item, row }) => (row?.available ?? 0) < item.quantity)) {
      if (command.idGiven) this.#keep(command.id, { ...begun, branches: [], state: 'CANCELLED', reason: 'insufficient-stock' });
      return 'insufficient-stock';
    }
    for (const { item } of rows) this.#add(keyOf(item), -item.quantity, item.quantity, 0);
    const branches = command.branches.map(({ id, participant }) => newBranch(id, participant));
    const state = branches.length > 0 ? 'TRYING' : 'TRIED';
    this.#keep(command.id, { ...begun, branches, state, reason: null });
    return state;
  }

  #confirm(known: ModelTransaction, command: ConfirmCommand, now: number): string {
    if (known.reason === 'expired') return 'reservation-expired';
    if (known.branches.length > 0 && command.items !== null) return 'invalid-request';
    if (known.reason !== null) return 'invalid-transition';
    const sold = known.items.map(({ key, quantity }) => (command.items === null ? quantity : namedOf(command.items, key)));
    const isForeign = command.items?.some((item) => !known.items.some(({ key }) => key === keyOf(item))) ?? false;
    if (known.state === 'CONFIRMED' || known.state === 'CONFIRMING') {
      return !isForeign && known.items.every((item, index) => item.sold === sold[index]) ? known.state : 'idempotency-mismatch';
    }
    if (now >= known.expiresAt) return 'reservation-expired';
    if (known.state === 'TRYING') return 'invalid-transition';
    if (isForeign || known.items.some((item, index) => (sold[index] ?? 0) > item.quantity)) return 'quantity-exceeded';
    known.items.forEach((item, index) => {
      item.sold = sold[index] ?? 0;
      this.#add(item.key, item.quantity - item.sold, -item.quantity, item.sold);
    });
    known.state = known.branches.length > 0 ? 'CONFIRMING' : 'CONFIRMED';
    askAll(known, 'confirm');
    return known.state;
  }

  #release(known: ModelTransaction, kind: 'cancel' | 'expire', now: number): string {
    if (known.reason !== null) return known.state;
    const isDecided = known.state === 'CONFIRMED' || known.state === 'CONFIRMING';
    if (isDecided || (kind === 'expire' && now < known.expiresAt)) return 'invalid-transition';
    this.#free(known, now >= known.expiresAt ? 'expired' : 'requested');
    return known.state;
  }

  #free(known: ModelTransaction, reason: CancelReason): void {
    for (const item of known.items) this.#add(item.key, item.quantity, -item.quantity, 0);
    known.state = known.branches.length > 0 ? 'CANCELLING' : 'CANCELLED';
    known.reason = reason;
    askAll(known, 'cancel');
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
