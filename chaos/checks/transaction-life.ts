// Owns the life of a transaction as the ledger's rows tell it: the stages it went through, each from the stamp of the change that led
// to it. Every answer about it must show one of these stages (I7), and every change of stock is the step between two (per-SKU model).
import type { TransactionRow } from '../evidence/evidence.ts';
import { membersOf, mergedQuantities, sortedItems, stockKey, type ToldItem } from './told.ts';

/** What led to a stage. */
export type Cause =
  | 'nothing'
  | 'try'
  /** A Try that was refused for lack of stock, and kept. */
  | 'refusal'
  | 'cancel-before-try'
  | 'branches-tried'
  | 'extend'
  | 'decision'
  | 'settlement'
  | 'refund';

export interface Stage {
  /** `ABSENT` where no row had the id. */
  readonly state: string;
  readonly reason: string | null;
  readonly cause: Cause;
  /** The database's clock in the change that led here; −∞ of ABSENT. */
  readonly fromMs: number;
  /** Null where it cannot be known any more: the first deadline of a transaction that was extended. */
  readonly expiresMs: number | null;
  /** Sorted by SKU, then warehouse. */
  readonly items: readonly ToldItem[];
  /** Of a refund: its id, null where it had none, and what came back with it. */
  readonly refund: { readonly id: string | null; readonly quantities: ReadonlyMap<string, number> } | null;
}

const ABSENT: Stage = {
  state: 'ABSENT',
  reason: null,
  cause: 'nothing',
  fromMs: Number.NEGATIVE_INFINITY,
  expiresMs: null,
  items: [],
  refund: null,
};

/**
 * @param row undefined where no row has the id
 * @param timeoutMs of its Try, where that is known
 * @returns at least one stage, in their order; the first is ABSENT
 */
export function lifeOf(row: TransactionRow | undefined, timeoutMs: number | null): readonly Stage[] {
  if (row === undefined) return [ABSENT];
  // Stamps are whole milliseconds; as fractions of seconds they may be off by a hair, and a deadline is a matter of less.
  return stagesOf(row, timeoutMs).map((stage) => {
    const { fromMs, expiresMs } = stage;
    return { ...stage, fromMs: Math.round(fromMs), expiresMs: expiresMs === null ? null : Math.round(expiresMs) };
  });
}

function stagesOf(row: TransactionRow, timeoutMs: number | null): readonly Stage[] {
  const stages: Stage[] = [ABSENT];
  if (!row.hasContent || row.reason === 'insufficient-stock') {
    const cause = row.hasContent ? 'refusal' : 'cancel-before-try';
    const items = settledItems(row, () => 0);
    stages.push({
      ...ABSENT,
      state: row.state,
      reason: row.reason,
      cause,
      fromMs: row.createdMs,
      expiresMs: row.expiresMs,
      items,
    });
    return stages;
  }
  addHeld(stages, row, timeoutMs);
  if (row.decidedMs !== null) addDecided(stages, row, row.decidedMs);
  addRefunds(stages, row);
  return stages;
}

function addHeld(stages: Stage[], row: TransactionRow, timeoutMs: number | null): void {
  const items = sortedItems(row.items).map((item) => ({ ...item, state: 'RESERVED', deducted: 0, refunded: 0 }));
  const extensions = row.events.filter(({ event }) => event === 'EXTEND');
  const isExtended = extensions.length > 0;
  const firstExpiresMs = isExtended ? (timeoutMs === null ? null : row.createdMs + timeoutMs) : row.expiresMs;
  const held = { ...ABSENT, items, expiresMs: firstExpiresMs };
  const hasBranches = row.branchCount > 0;
  stages.push({ ...held, state: hasBranches ? 'TRYING' : 'TRIED', cause: 'try', fromMs: row.createdMs });
  const tried = row.events.find(({ event }) => event === 'BRANCHES_TRIED');
  const wasTried = tried !== undefined || row.state === 'TRIED' || row.state.startsWith('CONFIRM');
  if (hasBranches && wasTried)
    stages.push({ ...held, state: 'TRIED', cause: 'branches-tried', fromMs: tried?.atMs ?? row.createdMs });
  for (const { atMs, detail } of extensions) {
    const expiresMs = Date.parse(String(membersOf(detail).expiresAt));
    stages.push({ ...held, state: 'TRIED', cause: 'extend', fromMs: atMs, expiresMs });
  }
}

function addDecided(stages: Stage[], row: TransactionRow, decidedMs: number): void {
  const isConfirmed = row.state.startsWith('CONFIRM');
  const items = settledItems(row, (item) => (isConfirmed ? item.deducted : 0));
  const decided = { ...ABSENT, reason: row.reason, expiresMs: row.expiresMs, items };
  if (row.branchCount === 0) {
    stages.push({ ...decided, state: row.state, cause: 'decision', fromMs: decidedMs });
    return;
  }
  stages.push({ ...decided, state: isConfirmed ? 'CONFIRMING' : 'CANCELLING', cause: 'decision', fromMs: decidedMs });
  if (row.state !== 'CONFIRMED' && row.state !== 'CANCELLED') return;
  const settled = row.events.find(({ event }) => event === 'BRANCHES_SETTLED');
  stages.push({ ...decided, state: row.state, cause: 'settlement', fromMs: settled?.atMs ?? decidedMs });
}

/** Sold as said, the rest free again. */
function settledItems(row: TransactionRow, soldOf: (item: TransactionRow['items'][number]) => number): readonly ToldItem[] {
  return sortedItems(row.items).map((item) => {
    const deducted = soldOf(item);
    return { ...item, state: deducted > 0 ? 'DEDUCTED' : 'AVAILABLE', deducted, refunded: 0 };
  });
}

function addRefunds(stages: Stage[], row: TransactionRow): void {
  for (const { atMs, event, detail } of row.events) {
    const before = stages.at(-1);
    if (event !== 'REFUND' || before === undefined) continue;
    const { refundId, items } = membersOf(detail);
    const quantities = mergedQuantities(Array.isArray(items) ? items : []);
    const refund = { id: typeof refundId === 'string' ? refundId : null, quantities };
    const after = before.items.map((item) => refunded(item, quantities.get(stockKey(item)) ?? 0));
    stages.push({ ...before, cause: 'refund', fromMs: atMs, items: after, refund });
  }
}

function refunded(item: ToldItem, quantity: number): ToldItem {
  if (quantity === 0) return item;
  const sum = item.refunded + quantity;
  return { ...item, refunded: sum, state: sum < item.deducted ? 'DEDUCTED' : 'AVAILABLE' };
}

/** How much of an item a stage keeps from the rest: what is reserved, and what is sold and has not come back. */
export function keptOf(item: ToldItem): { readonly reserved: number; readonly deducted: number } {
  return { reserved: item.state === 'RESERVED' ? item.quantity : 0, deducted: item.deducted - item.refunded };
}
