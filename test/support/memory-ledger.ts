// Owns the ledger that tests of the core drive: the port over plain maps, with a clock the test sets and faults it asks for.
// Every change is checked as PostgreSQL would check it, and as I1, I2, I5, I8, I9 and I11 demand (moves.ts), before it is kept.

import { accountOf, NOTHING_DONE } from '../../src/coordinator/account.ts';
import type { Verdict } from '../../src/coordinator/command.ts';
import { decide } from '../../src/coordinator/decide/decide.ts';
import {
  type Applied,
  type AppliedReplies,
  type DoneReply,
  type Keys,
  type Ledger,
  LedgerFault,
  type PlainCommand,
  type Snapshot,
} from '../../src/coordinator/ledger.ts';
import type { Branch } from '../../src/coordinator/model.ts';
import { type Change, emptyRows, evolve, type Rows, type StockDelta, stockKey } from '../../src/coordinator/rows.ts';
import { broken, checkMove, checkOpened } from './moves.ts';

/**
 * What a call does instead of its work: leave everything undone (apply alone), find a rival faster, lose the connection before
 * or after the commit, or fail in an unforeseen way.
 */
export type Mishap = 'leave' | 'conflict' | 'lost-before' | 'lost-after' | 'unexpected';

const PHASE_STATES = { try: 'TRYING', confirm: 'CONFIRMING', cancel: 'CANCELLING' } as const;

export class MemoryLedger implements Ledger {
  readonly rows: Rows = emptyRows();
  now = 1_000_000;
  /** Asked before each call. */
  mishap: (call: 'apply' | 'replies' | 'load' | 'exclusively', commands: readonly PlainCommand[]) => Mishap | null = () => null;
  /** The calls in their order, with how many commands or keys each had. */
  readonly calls: string[] = [];

  async apply(commands: readonly PlainCommand[], again: boolean): Promise<Applied> {
    this.calls.push(`apply ${commands.length}`);
    await Promise.resolve();
    const mishap = this.mishap('apply', commands);
    if (mishap === 'leave') return { now: this.now, verdicts: commands.map(() => null), short: [], account: NOTHING_DONE };
    failBefore(mishap);
    const applied = this.#applyPlainly(commands, again);
    failAfter(mishap);
    return applied;
  }

  async applyReplies(replies: readonly DoneReply[]): Promise<AppliedReplies> {
    this.calls.push(`replies ${replies.length}`);
    await Promise.resolve();
    const mishap = this.mishap('replies', []);
    if (mishap === 'leave') return { now: this.now, done: new Set(), moved: [] };
    failBefore(mishap);
    const applied = this.#takeDown(replies);
    failAfter(mishap);
    return applied;
  }

  async load(_keys: Keys): Promise<Snapshot> {
    this.calls.push('load');
    await Promise.resolve();
    const mishap = this.mishap('load', []);
    failBefore(mishap);
    failAfter(mishap);
    return { now: this.now, rows: copyOf(this.rows) };
  }

  async exclusively(_keys: Keys, decideAll: (snapshot: Snapshot) => readonly Change[]): Promise<void> {
    this.calls.push('exclusively');
    await Promise.resolve();
    const mishap = this.mishap('exclusively', []);
    failBefore(mishap);
    this.#store(decideAll({ now: this.now, rows: copyOf(this.rows) }));
    failAfter(mishap);
  }

  /** As the optimistic path does: what is late, or meets another phase, is left. */
  #takeDown(replies: readonly DoneReply[]): AppliedReplies {
    const before = new Map(this.rows.transactions);
    const done = new Set<number>();
    replies.forEach((reply, position) => {
      const { verdict, changes } = decide(this.rows, reply, this.now);
      const isPhase = this.rows.transactions.get(reply.id)?.state === PHASE_STATES[reply.phase];
      if (!verdict.ok || verdict.replayed || !isPhase) return;
      this.#store(changes);
      done.add(position);
    });
    const moved = [...this.rows.transactions.values()].filter(({ id, state }) => before.get(id)?.state !== state);
    return { now: this.now, done, moved };
  }

  /** As the optimistic path does: demand is added up first, and an id that may be known is looked for. */
  #applyPlainly(commands: readonly PlainCommand[], again: boolean): Applied {
    const demand = new Map<string, { sku: string; warehouse: string; quantity: number }>();
    for (const command of commands) {
      if (command.kind !== 'try') continue;
      for (const { sku, warehouse, quantity } of command.items) {
        const key = stockKey(sku, warehouse);
        demand.set(key, { sku, warehouse, quantity: quantity + (demand.get(key)?.quantity ?? 0) });
      }
    }
    const short = [...demand.entries()]
      .filter(([key, { quantity }]) => (this.rows.stock.get(key)?.available ?? -1) < quantity)
      .map(([key, { sku, warehouse }]) => ({ sku, warehouse, row: this.rows.stock.get(key) ?? null }));
    const isShort = new Set(short.map(({ sku, warehouse }) => stockKey(sku, warehouse)));
    const stored: Change[] = [];
    const verdicts = commands.map((command): Verdict | null => {
      if (command.kind === 'try') {
        if (!command.idGiven && !again && this.rows.transactions.has(command.id))
          throw new LedgerFault('conflict', new Error('a known id'));
        if (command.items.some((item) => isShort.has(stockKey(item.sku, item.warehouse)))) return null;
      }
      const known = this.rows.transactions.get(command.id);
      if (command.kind === 'try' ? known !== undefined : known?.state !== 'TRIED') return null;
      const { verdict, changes } = decide(this.rows, command, this.now);
      if (!verdict.ok) return null;
      this.#store(changes);
      stored.push(...changes);
      return verdict;
    });
    return { now: this.now, verdicts, short, account: accountOf(stored, this.now) };
  }

  /**
   * Grants every branch that is due, as another statement than the lane's does: a new fence, and nothing else.
   * @returns how many
   */
  claim(): number {
    let claimed = 0;
    for (const [id, stored] of this.rows.transactions) {
      const isDue = ({ work }: Branch): boolean => work.kind === 'waiting' && work.at <= this.now;
      if (!stored.branches.some(isDue)) continue;
      const branches = stored.branches.map((branch) => {
        if (branch.work.kind !== 'waiting' || !isDue(branch)) return branch;
        claimed += 1;
        return { ...branch, work: { kind: 'under-way' as const, phase: branch.work.phase }, fence: branch.fence + 1 };
      });
      this.rows.transactions.set(id, { ...stored, branches });
    }
    return claimed;
  }

  #store(changes: readonly Change[]): void {
    const latest = new Map(this.rows.transactions);
    for (const change of changes) {
      if (change.kind === 'change-transaction') {
        if (latest.get(change.before.id) !== change.before) broken('I5', 'a move from what is not stored');
        checkMove(change.before, change.after, this.now);
        latest.set(change.after.id, change.after);
      }
      if (change.kind === 'open-transaction') {
        if (latest.has(change.transaction.id)) broken('I7', 'an id is opened twice');
        checkOpened(change.transaction, changes);
        latest.set(change.transaction.id, change.transaction);
      }
      if (change.kind === 'record-movement' && this.rows.movements.has(change.movement.id))
        broken('I7', 'a movement is kept twice');
      if (change.kind === 'move-stock') checkDelta(change.delta, changes);
    }
    evolve(this.rows, changes);
  }
}

/** I1: within one change set only a movement changes what there is in all. */
function checkDelta({ sku, warehouse, available, reserved, deducted }: StockDelta, changes: readonly Change[]): void {
  if (available + reserved + deducted === 0) return;
  const isMoved = changes.some(
    (change) =>
      change.kind === 'record-movement' &&
      change.movement.result.movement.sku === sku &&
      change.movement.result.movement.warehouse === warehouse,
  );
  if (!isMoved) broken('I1', `${available + reserved + deducted} of ${sku} came from nowhere`);
}

function copyOf(rows: Rows): Rows {
  return {
    transactions: new Map(rows.transactions),
    stock: new Map(rows.stock),
    movements: new Map(rows.movements),
    refunds: new Map(rows.refunds),
    participants: new Map(rows.participants),
  };
}

function failBefore(mishap: Mishap | null): void {
  if (mishap === 'conflict') throw new LedgerFault('conflict', new Error('a rival was faster'));
  if (mishap === 'lost-before') throw new LedgerFault('unavailable', new Error('the connection was lost'));
  if (mishap === 'unexpected') throw new LedgerFault('unexpected', new Error('poison'));
}

function failAfter(mishap: Mishap | null): void {
  if (mishap === 'lost-after') throw new LedgerFault('unavailable', new Error('the connection was lost after the commit'));
}
