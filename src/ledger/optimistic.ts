// Owns the optimistic path's one statement: turns a batch of plain commands into the parameters of apply_commands, and
// its answer into verdicts.
import { itemStatesLeadingTo, statesLeadingTo, stepReservation, stepTransaction } from '../../workflows/step.ts';
import type { Account, Reached } from '../coordinator/account.ts';
import type { TryCommand, Verdict } from '../coordinator/command.ts';
import { inForm } from '../coordinator/decide/decision.ts';
import { openedTransaction } from '../coordinator/decide/try.ts';
import type { Applied, PlainCommand } from '../coordinator/ledger.ts';
import type { CancelReason, Item, ItemState, Transaction, TransactionId, TransactionState } from '../coordinator/model.ts';
import { byteaArray, nameArray, plainArray, textArray } from './arrays.ts';

/** I5: what the machines allow a transaction without branches, handed to SQL as a parameter. */
const MOVES = movesOfMachines();
const MOVE_PARAMETERS = [
  plainArray(MOVES.confirmFrom),
  plainArray(MOVES.cancelFrom),
  plainArray([MOVES.tryTo, MOVES.confirmTo, MOVES.cancelTo]),
  plainArray([MOVES.itemFree, MOVES.itemHeld, MOVES.itemSold]),
];

interface Answer {
  readonly now: number;
  readonly left: readonly number[];
  readonly short: readonly [string, string, number | null][] | null;
  readonly confirmed: readonly SettledTuple[] | null;
  readonly cancelled: readonly SettledTuple[] | null;
  readonly items: readonly [TransactionId, string, string, number][] | null;
  readonly sold: number;
  readonly freed: number;
  readonly late: readonly number[] | null;
}

/** Its end is missing where no caller wants the whole. */
type SettledTuple = [TransactionId, CancelReason | null, string | null, string | null, string | null, number, number];

/** @returns the parameters of apply_commands, in its order */
export function parametersOf(commands: readonly PlainCommand[], again: boolean): unknown[] {
  const tries: TryCommand[] = [];
  const confirmIds: TransactionId[] = [];
  const cancelIds: TransactionId[] = [];
  const cancelNotes: (string | null)[] = [];
  const expireIds: TransactionId[] = [];
  let whole = false;
  for (const command of commands) {
    if (command.kind === 'try') tries.push(command);
    else if (command.kind === 'expire') expireIds.push(command.id);
    else {
      whole ||= command.reply === 'whole';
      if (command.kind === 'confirm') confirmIds.push(command.id);
      else {
        cancelIds.push(command.id);
        cancelNotes.push(command.note);
      }
    }
  }
  return [
    ...tryParameters(tries, again),
    plainArray(confirmIds),
    plainArray(cancelIds),
    sparseArray(cancelNotes),
    plainArray(expireIds),
    ...MOVE_PARAMETERS,
    whole,
  ];
}

function tryParameters(tries: readonly TryCommand[], again: boolean): string[] {
  const positions: number[] = [];
  const skus: string[] = [];
  const warehouses: string[] = [];
  const quantities: number[] = [];
  tries.forEach((command, index) => {
    for (const item of command.items) {
      positions.push(index + 1);
      skus.push(item.sku);
      warehouses.push(item.warehouse);
      quantities.push(item.quantity);
    }
  });
  return [
    plainArray(tries.map((command) => command.id)),
    byteaArray(tries.map((command) => command.contentHash)),
    plainArray(tries.map((command) => command.timeoutMs)),
    sparseArray(tries.map((command) => command.reference)),
    sparseArray(tries.map((command) => command.metadata)),
    sparseArray(tries.map((command) => command.trace ?? null)),
    sparseArray(tries.map((command) => command.holder ?? null)),
    // An id made here a moment ago is new, unless an earlier attempt of this batch may have been committed (I7).
    plainArray(tries.filter((command) => command.idGiven || again).map((command) => command.id)),
    plainArray(positions),
    nameArray(skus),
    nameArray(warehouses),
    plainArray(quantities),
  ];
}

/** Nothing at all where every value is null: unnest fills up a shorter array with nulls, and most batches have none of these. */
function sparseArray(values: readonly (string | null)[]): string {
  return values.every((value) => value === null) ? '{}' : textArray(values);
}

/** @param text what apply_commands answered to exactly these commands */
export function appliedOf(commands: readonly PlainCommand[], text: string): Applied {
  const answer = JSON.parse(text) as Answer;
  const left = new Set(answer.left);
  const settled = settledTransactions(answer);
  let tryPosition = 0;
  const verdicts = commands.map((command): Verdict | null => {
    if (command.kind === 'try') {
      tryPosition += 1;
      if (left.has(tryPosition)) return null;
      const opened = openedTransaction(command, answer.now);
      return { ok: true, replayed: false, transaction: inForm(opened, command.reply) };
    }
    const transaction = settled.get(command.id);
    if (transaction === undefined) return null;
    return { ok: true, replayed: false, transaction: inForm(transaction, command.kind === 'expire' ? 'minimal' : command.reply) };
  });
  const short = (answer.short ?? []).map(([sku, warehouse, available]) => ({
    sku,
    warehouse,
    row: available === null ? null : { sku, warehouse, available, reserved: 0, deducted: 0, version: 1 },
  }));
  return { now: answer.now, verdicts, short, account: accountOf(commands, verdicts, answer) };
}

function accountOf(commands: readonly PlainCommand[], verdicts: readonly (Verdict | null)[], answer: Answer): Account {
  let tried = 0;
  let reserved = 0;
  commands.forEach((command, index) => {
    if (command.kind !== 'try' || verdicts[index] === null) return;
    tried += 1;
    for (const { quantity } of command.items) reserved += quantity;
  });
  const expired = answer.late?.length ?? 0;
  const requested = (answer.cancelled?.length ?? 0) - expired;
  const reached: readonly Reached[] = [
    { state: MOVES.tryTo, reason: null, count: tried },
    { state: MOVES.confirmTo, reason: null, count: answer.confirmed?.length ?? 0 },
    { state: MOVES.cancelTo, reason: 'requested', count: requested },
    { state: MOVES.cancelTo, reason: 'expired', count: expired },
  ];
  return {
    reached: reached.filter(({ count }) => count > 0),
    units: { reserved, deducted: answer.sold, released: answer.freed },
    expiryDelaysMs: answer.late ?? [],
  };
}

function settledTransactions(answer: Answer): Map<TransactionId, Transaction> {
  const items = new Map<TransactionId, Item[]>();
  for (const [id, sku, warehouse, quantity] of answer.items ?? []) {
    const list = items.get(id);
    const item: Item = { sku, warehouse, quantity, state: MOVES.itemHeld, deducted: 0, refunded: 0 };
    if (list === undefined) items.set(id, [item]);
    else list.push(item);
  }
  const settled = new Map<TransactionId, Transaction>();
  const add = (rows: readonly SettledTuple[] | null, state: TransactionState, itemState: ItemState): void => {
    for (const [id, reason, note, reference, metadata, createdAt, expiresAt] of rows ?? []) {
      const sold = itemState === MOVES.itemSold;
      const ended = (items.get(id) ?? []).map(
        (item): Item => ({ ...item, state: itemState, deducted: sold ? item.quantity : 0 }),
      );
      settled.set(id, {
        id,
        state,
        reason,
        note,
        needsAttention: false,
        items: ended.sort(byName),
        branches: [],
        reference,
        metadata,
        createdAt,
        expiresAt,
        updatedAt: answer.now,
      });
    }
  };
  add(answer.confirmed, MOVES.confirmTo, MOVES.itemSold);
  add(answer.cancelled, MOVES.cancelTo, MOVES.itemFree);
  return settled;
}

function byName(a: Item, b: Item): number {
  if (a.sku !== b.sku) return a.sku < b.sku ? -1 : 1;
  return a.warehouse < b.warehouse ? -1 : 1;
}

interface Moves {
  readonly tryTo: TransactionState;
  readonly confirmFrom: readonly TransactionState[];
  readonly confirmTo: TransactionState;
  readonly cancelFrom: readonly TransactionState[];
  readonly cancelTo: TransactionState;
  readonly itemFree: ItemState;
  readonly itemHeld: ItemState;
  readonly itemSold: ItemState;
}

function movesOfMachines(): Moves {
  const alone = { hasBranches: false };
  const tryTo = stepTransaction('ABSENT', 'TRY', alone)?.to;
  const confirmTo = tryTo && stepTransaction(tryTo, 'CONFIRM', alone)?.to;
  const cancelTo = tryTo && stepTransaction(tryTo, 'CANCEL', alone)?.to;
  const itemHeld = stepReservation('AVAILABLE', 'RESERVE')?.to;
  const itemSold = itemHeld && stepReservation(itemHeld, 'DEDUCT')?.to;
  const itemFree = itemHeld && stepReservation(itemHeld, 'RELEASE')?.to;
  if (!tryTo || !confirmTo || !cancelTo || !itemHeld || !itemSold || !itemFree)
    throw new Error('the machines allow no Try, Confirm, Cancel');
  const confirmFrom = statesLeadingTo(confirmTo, 'CONFIRM', alone);
  const cancelFrom = statesLeadingTo(cancelTo, 'CANCEL', alone);
  // The statement knows one set of states for both, and one state of what is held; machines that came to differ would have to
  // be taught to it.
  if (String(statesLeadingTo(cancelTo, 'EXPIRE', alone)) !== String(cancelFrom))
    throw new Error('cancel and expiry start from different states');
  if (itemStatesLeadingTo(itemSold, 'DEDUCT').length !== 1) throw new Error('items can be sold from several states');
  return { tryTo, confirmFrom, confirmTo, cancelFrom, cancelTo, itemFree, itemHeld, itemSold };
}
