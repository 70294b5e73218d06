// Owns what a commit did, added up: for figures alone, nothing is decided by it. Pure.
import type { CancelReason, Item, MovementKind, TransactionState } from './model.ts';
import type { Change, StoredMovement, StoredTransaction } from './rows.ts';

/** The ways in which units of stock move. */
export type UnitMove =
  | 'reserved'
  | 'deducted'
  | 'released'
  | 'refunded'
  | 'received'
  | 'written_off'
  | 'adjusted_up'
  | 'adjusted_down';

export interface Reached {
  readonly state: TransactionState;
  readonly reason: CancelReason | null;
  readonly count: number;
}

export interface Account {
  /** How many transactions came to each state. */
  readonly reached: readonly Reached[];
  readonly units: { readonly [Move in UnitMove]?: number };
  /** Of each transaction that expired, how long after its deadline it was released. */
  readonly expiryDelaysMs: readonly number[];
}

export const NOTHING_DONE: Account = { reached: [], units: {}, expiryDelaysMs: [] };

/**
 * @param changes all of one commit, in their order
 * @param now when they were decided, by the database's clock
 */
export function accountOf(changes: readonly Change[], now: number): Account {
  const reached: Reached[] = [];
  const units: { [Move in UnitMove]?: number } = {};
  const expiryDelaysMs: number[] = [];
  const add = (move: UnitMove, quantity: number): void => {
    if (quantity !== 0) units[move] = (units[move] ?? 0) + quantity;
  };
  const come = (before: StoredTransaction | null, { state, reason, expiresAt }: StoredTransaction): void => {
    if (before?.state === state) return;
    reached.push({ state, reason, count: 1 });
    // It is decided once (I5): what comes after the decision is no further expiry.
    if (reason === 'expired' && before?.reason !== 'expired') expiryDelaysMs.push(Math.max(0, now - expiresAt));
  };
  for (const change of changes) {
    if (change.kind === 'open-transaction') {
      come(null, change.transaction);
      for (const item of change.transaction.items) if (item.state === 'RESERVED') add('reserved', item.quantity);
    } else if (change.kind === 'change-transaction') {
      come(change.before, change.after);
      for (const [index, item] of change.after.items.entries()) addItem(add, change.before.items[index], item);
    } else if (change.kind === 'record-movement') addMovement(add, change.movement);
  }
  return { reached, units, expiryDelaysMs };
}

type Add = (move: UnitMove, quantity: number) => void;

/** The items of a basket never change their order, nor what they ask for. */
function addItem(add: Add, before: Item | undefined, after: Item): void {
  if (before === undefined) return;
  add('deducted', after.deducted - before.deducted);
  add('refunded', after.refunded - before.refunded);
  if (before.state === 'RESERVED' && after.state !== 'RESERVED') add('released', after.quantity - after.deducted);
}

const MOVES: Readonly<Record<MovementKind, UnitMove>> = { RECEIVE: 'received', WRITE_OFF: 'written_off', ADJUST: 'adjusted_up' };

function addMovement(add: Add, { result }: StoredMovement): void {
  if (!result.applied) return;
  const { kind, quantity } = result.movement;
  if (kind === 'ADJUST' && quantity < 0) add('adjusted_down', -quantity);
  else add(MOVES[kind], quantity);
}

/** What transactions came to whose last branch was through with a phase. */
export function accountOfMoved(moved: readonly StoredTransaction[]): Account {
  return { ...NOTHING_DONE, reached: moved.map(({ state, reason }) => ({ state, reason, count: 1 })) };
}
