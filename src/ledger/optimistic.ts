// Owns the optimistic path's one statement: turns a batch of plain commands into the parameters of apply_commands, and
// its answer into verdicts.
import { itemStatesLeadingTo, stepReservation, stepTransaction } from '../../workflows/step.ts';
import type { TryCommand, Verdict } from '../coordinator/command.ts';
import { inForm } from '../coordinator/decide/decision.ts';
import { openedTransaction } from '../coordinator/decide/try.ts';
import { type Applied, LedgerFault, type PlainCommand } from '../coordinator/ledger.ts';
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
  readonly confirmed: readonly TransactionId[];
  readonly cancelled: readonly TransactionId[];
  readonly whole: readonly [TransactionId, TransactionState, CancelReason | null, string | null, string | null, string | null, number, number][] | null;
  readonly items: readonly [TransactionId, string, string, number][] | null;
}

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
    textArray(cancelNotes),
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
    textArray(tries.map((command) => command.reference)),
    textArray(tries.map((command) => command.metadata)),
    // An id made here a moment ago is new, unless an earlier attempt of this batch may have been committed (I7).
    plainArray(tries.filter((command) => command.idGiven || again).map((command) => command.id)),
    plainArray(positions),
    nameArray(skus),
    nameArray(warehouses),
    plainArray(quantities),
  ];
}

/** @param text what apply_commands answered to exactly these commands */
export function appliedOf(commands: readonly PlainCommand[], text: string): Applied {
  const answer = JSON.parse(text) as Answer;
  const left = new Set(answer.left);
  const settled = new Map<TransactionId, TransactionState>();
  for (const id of answer.confirmed) settled.set(id, MOVES.confirmTo);
  for (const id of answer.cancelled) settled.set(id, MOVES.cancelTo);
  const wholes = wholeTransactions(answer);
  let tryPosition = 0;
  const verdicts = commands.map((command): Verdict | null => {
    if (command.kind === 'try') {
      tryPosition += 1;
      if (left.has(tryPosition)) return null;
      const opened = openedTransaction(command, answer.now);
      return { ok: true, replayed: false, transaction: inForm(opened, command.reply) };
    }
    const state = settled.get(command.id);
    if (state === undefined) return null;
    const brief = { id: command.id, state };
    if (command.kind === 'expire' || command.reply === 'minimal') return { ok: true, replayed: false, transaction: brief };
    return { ok: true, replayed: false, transaction: wholes.get(command.id) ?? missing(command.id) };
  });
  const short = (answer.short ?? []).map(([sku, warehouse, available]) => ({
    sku,
    warehouse,
    row: available === null ? null : { sku, warehouse, available, reserved: 0, deducted: 0, version: 1 },
  }));
  return { now: answer.now, verdicts, short };
}

function wholeTransactions(answer: Answer): Map<TransactionId, Transaction> {
  const items = new Map<TransactionId, Item[]>();
  for (const [id, sku, warehouse, quantity] of answer.items ?? []) {
    const list = items.get(id) ?? [];
    list.push({ sku, warehouse, quantity, state: MOVES.itemHeld, deducted: 0, refunded: 0 });
    items.set(id, list);
  }
  const wholes = new Map<TransactionId, Transaction>();
  for (const [id, state, reason, note, reference, metadata, createdAt, expiresAt] of answer.whole ?? []) {
    const sold = state === MOVES.confirmTo;
    const settledItems = (items.get(id) ?? [])
      .map((item): Item => ({ ...item, state: sold ? MOVES.itemSold : MOVES.itemFree, deducted: sold ? item.quantity : 0 }))
      .sort(byName);
    wholes.set(id, {
      id,
      state,
      reason,
      note,
      needsAttention: false,
      items: settledItems,
      branches: [],
      reference,
      metadata,
      createdAt,
      expiresAt,
      updatedAt: answer.now,
    });
  }
  return wholes;
}

function byName(a: Item, b: Item): number {
  if (a.sku !== b.sku) return a.sku < b.sku ? -1 : 1;
  return a.warehouse < b.warehouse ? -1 : 1;
}

function missing(id: TransactionId): never {
  throw new LedgerFault('unexpected', new Error(`apply_commands settled ${id} but did not return it`));
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
  if (!tryTo || !confirmTo || !cancelTo || !itemHeld || !itemSold || !itemFree) throw new Error('the machines allow no Try, Confirm, Cancel');
  // Only what is held may be sold or freed; a machine that came to allow more would have to be taught to the statement.
  if (itemStatesLeadingTo(itemSold, 'DEDUCT').length !== 1) throw new Error('items can be sold from several states');
  return { tryTo, confirmFrom: [tryTo], confirmTo, cancelFrom: [tryTo], cancelTo, itemFree, itemHeld, itemSold };
}
