// Owns the port through which the heart reaches the ledger. src/ledger implements it on PostgreSQL; tests of the core
// drive a model of it.
import type { Account } from './account.ts';
import {
  type BranchReplyCommand,
  type CancelCommand,
  type Command,
  type ConfirmCommand,
  type ExpireCommand,
  isParticipantCommand,
  isStockCommand,
  type TransactionCommand,
  type TryCommand,
  type Verdict,
} from './command.ts';
import type { MovementId, RefundId, StockRow, TransactionId } from './model.ts';
import type { Change, Rows, StoredTransaction } from './rows.ts';

/** The commands that the optimistic path knows: nearly all there are. A Try of them has no branches. */
export type PlainCommand = TryCommand | (ConfirmCommand & { readonly items: null }) | CancelCommand | ExpireCommand;

/** A reply that says what was hoped for: nearly all do. */
export type DoneReply = BranchReplyCommand & { readonly outcome: 'done' };

export interface AppliedReplies {
  readonly now: number;
  /** Positions of those that were taken down; the others are to be decided on the exact path. */
  readonly done: ReadonlySet<number>;
  /** The transactions that changed their state with the last of them. */
  readonly moved: readonly StoredTransaction[];
}

/** Which rows a batch of commands needs to see. */
export interface Keys {
  readonly transactions: readonly TransactionId[];
  /** Those of them whose items may move: the stock of these is wanted too. */
  readonly settling: readonly TransactionId[];
  readonly stock: readonly { readonly sku: string; readonly warehouse: string }[];
  /** Participants that Tries name, which must not be removed meanwhile. */
  readonly participants: readonly string[];
  /** Participants that are put or removed. */
  readonly changedParticipants: readonly string[];
  /** SKUs of which every warehouse is wanted. */
  readonly countedSkus: readonly string[];
  readonly movements: readonly MovementId[];
  readonly refunds: readonly { readonly transactionId: TransactionId; readonly id: RefundId }[];
  /** What the commands may insert, where it is not there yet. */
  readonly opened: {
    readonly transactions: readonly TransactionId[];
    readonly stock: readonly { readonly sku: string; readonly warehouse: string }[];
  };
}

export interface Snapshot {
  /** The database's clock, in ms since 1970, read with the rows. */
  readonly now: number;
  readonly rows: Rows;
}

export interface Applied {
  readonly now: number;
  /** In the commands' order; null where a command was left undone, to be decided on the exact path. */
  readonly verdicts: readonly (Verdict | null)[];
  /** The counters of what was asked for beyond what there is, as seen; a SKU that was never stocked has none. */
  readonly short: readonly { readonly sku: string; readonly warehouse: string; readonly row: StockRow | null }[];
  readonly account: Account;
}

/** Every call is one PostgreSQL transaction. All throw LedgerFault where they fail, and then nothing is known to be stored. */
export interface Ledger {
  /**
   * Applies every command that is plainly legal, all in one commit, and leaves the rest.
   * @param commands no two of them on the same transaction
   * @param again whether an earlier attempt may have been committed: then no id is taken to be new
   */
  apply(commands: readonly PlainCommand[], again: boolean): Promise<Applied>;

  /**
   * Takes down every reply that is plainly in order, all in one commit, and leaves the rest.
   * @param replies no two of them of the same branch
   */
  applyReplies(replies: readonly DoneReply[]): Promise<AppliedReplies>;

  /** Reads rows and clock in one snapshot, without a lock. */
  load(keys: Keys): Promise<Snapshot>;

  /**
   * Locks, reads, decides and saves in one commit.
   * @param decideAll pure; returns the changes to store
   */
  exclusively(keys: Keys, decideAll: (snapshot: Snapshot) => readonly Change[]): Promise<void>;
}

/**
 * Why a call of the ledger failed, as far as the lane must know:
 * - conflict: another writer was faster (a unique key, a CHECK, a deadlock): decide again
 * - unavailable: the database or the connection is gone or stuck; whether the commit happened is unknown
 * - unexpected: a fault of ours
 */
export class LedgerFault extends Error {
  readonly kind: 'conflict' | 'unavailable' | 'unexpected';

  constructor(kind: 'conflict' | 'unavailable' | 'unexpected', cause: unknown) {
    super(`the ledger failed (${kind}): ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'LedgerFault';
    this.kind = kind;
  }
}

/** The rows that these commands need to see. */
export function keysOf(commands: readonly Command[]): Keys {
  const transactions = new Set<TransactionId>();
  const settling = new Set<TransactionId>();
  const opened = new Set<TransactionId>();
  const participants = new Set<string>();
  const refunds: { transactionId: TransactionId; id: RefundId }[] = [];
  const stockCommands = commands.filter(isStockCommand);
  const stock: { sku: string; warehouse: string }[] = [...stockCommands];
  for (const command of commands) {
    if (isStockCommand(command) || isParticipantCommand(command)) continue;
    transactions.add(command.id);
    if (mayMoveItems(command)) settling.add(command.id);
    if (command.kind === 'try') {
      stock.push(...command.items);
      for (const { participant } of command.branches) participants.add(participant);
    }
    if (command.kind === 'try' || command.kind === 'cancel') opened.add(command.id);
    if (command.kind === 'refund' && command.refundId !== null) refunds.push({ transactionId: command.id, id: command.refundId });
  }
  return {
    transactions: [...transactions],
    settling: [...settling],
    stock,
    participants: [...participants],
    changedParticipants: [...new Set(commands.filter(isParticipantCommand).map(({ name }) => name))],
    countedSkus: [...new Set(stockCommands.filter(({ kind }) => kind === 'count-stock').map(({ sku }) => sku))],
    movements: [...new Set(stockCommands.map(({ id }) => id))],
    refunds,
    opened: { transactions: [...opened], stock: stockCommands },
  };
}

/** Nearly all replies move no item: they must not wait for, nor hold up, whoever changes the same counters. */
function mayMoveItems(command: TransactionCommand): boolean {
  switch (command.kind) {
    case 'branch-reply':
      return command.phase === 'try' && command.outcome === 'refused';
    case 'retry':
    case 'resolve':
    case 'extend':
      return false;
    default:
      return true;
  }
}
