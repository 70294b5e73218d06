// Owns the given/when/then of the tests of decide(): rows that start empty, a clock that the test sets, and commands told one
// after the other, each on what the ones before it left.
import { expect } from 'chai';
import type {
  BranchReplyCommand,
  CallOutcome,
  Command,
  Refused,
  TransactionAccepted,
  VerdictOf,
} from '../../../src/coordinator/command.ts';
import { decide } from '../../../src/coordinator/decide/decide.ts';
import type { Branch, Item, Transaction, TransactionId } from '../../../src/coordinator/model.ts';
import { type Change, emptyRows, evolve, type StoredTransaction, stockKey } from '../../../src/coordinator/rows.ts';
import type { ProblemCode } from '../../../src/errors.ts';
import { branchesOf, type Line, movementId, moveOf, putParticipantOf, replyOf, tryOf } from '../../support/commands.ts';

export const NOON_MS = Date.parse('2026-11-22T12:00:00.000Z');

export class Story {
  readonly rows = emptyRows();
  now = NOON_MS;
  /** What the last command stored. */
  changes: readonly Change[] = [];
  #movements = 900_000;

  /** Given stock, received at once. */
  stocked(...lines: readonly Line[]): this {
    for (const line of lines) this.tell(moveOf(movementId(this.#movements++), 'RECEIVE', line));
    return this;
  }

  /** When a command comes: decides and stores it. Deciding alone must leave the rows as they were. */
  tell<C extends Command>(command: C): VerdictOf<C> {
    const before = structuredClone(this.rows);
    const { verdict, changes } = decide(this.rows, command, this.now);
    expect(this.rows, 'decide() changed the rows').to.deep.equal(before);
    this.changes = changes;
    evolve(this.rows, changes);
    return verdict as VerdictOf<C>;
  }

  /** Given participants, registered at once. */
  registered(...names: readonly string[]): this {
    for (const name of names) this.tell(putParticipantOf(name));
    return this;
  }

  /** Given a Try with one item of `a` and a branch for each name, not answered yet. */
  trying(id: TransactionId, ...participants: readonly string[]): this {
    const branches = branchesOf(id, ...participants);
    expect(this.tell(tryOf(id, [['a', 1]], { branches })).ok).to.equal(true);
    return this;
  }

  /** When a participant answers the call under way. */
  answer(id: TransactionId, position: number, outcome: CallOutcome, changed: Partial<BranchReplyCommand> = {}): this {
    const { work, fence } = this.branch(id, position);
    if (work.kind !== 'under-way') throw new Error(`branch ${position} of ${id} is not being asked`);
    const verdict = this.tell(replyOf(id, position, work.phase, outcome, { fence, ...changed }));
    expect(verdict).to.deep.include({ ok: true, replayed: false });
    return this;
  }

  /** When the next attempt of a branch is due: the clock moves there, and somebody claims it. */
  wake(id: TransactionId, position: number): this {
    const { work, fence } = this.branch(id, position);
    if (work.kind !== 'waiting') throw new Error(`branch ${position} of ${id} does not wait`);
    this.now = Math.max(this.now, work.at);
    const stored = this.stored(id);
    const claimed = { work: { kind: 'under-way' as const, phase: work.phase }, fence: fence + 1 };
    const branches = stored.branches.map((branch, index) => (index === position ? { ...branch, ...claimed } : branch));
    this.rows.transactions.set(id, { ...stored, branches });
    return this;
  }

  branch(id: TransactionId, position: number): Branch {
    const found = this.stored(id).branches[position];
    if (found === undefined) throw new Error(`${id} has no branch at ${position}`);
    return found;
  }

  /** @returns where it stands, and each branch as "state work", with the phase it is asked for where it is */
  standing(id: TransactionId): readonly string[] {
    const { state, branches } = this.stored(id);
    return [state, ...branches.map(standingOf)];
  }

  at(now: number): this {
    this.now = now;
    return this;
  }

  stored(id: TransactionId): StoredTransaction {
    const found = this.rows.transactions.get(id);
    if (found === undefined) throw new Error(`nothing is stored under ${id}`);
    return found;
  }

  /** @returns [available, reserved, deducted] */
  counters(sku: string, warehouse = 'default'): readonly [number, number, number] {
    const row = this.rows.stock.get(stockKey(sku, warehouse));
    if (row === undefined) throw new Error(`${sku} was never stocked in ${warehouse}`);
    return [row.available, row.reserved, row.deducted];
  }
}

function standingOf({ state, work }: Branch): string {
  return work.kind === 'none' ? state : `${state} ${work.kind} ${work.phase}`;
}

/** Then it is accepted, with the whole transaction. */
export function accepted(verdict: TransactionAccepted | Refused, replayed = false): Transaction {
  if (!verdict.ok) throw new Error(`refused: ${verdict.problem.code}, ${verdict.problem.detail}`);
  expect(verdict.replayed, 'replayed').to.equal(replayed);
  if (!('items' in verdict.transaction)) throw new Error('only the brief form came back');
  return verdict.transaction;
}

/** Then it is refused so. */
export function refused(verdict: { readonly ok: boolean }, code: ProblemCode, replayed = false): Refused {
  const refusal = verdict as Refused;
  expect(verdict.ok, 'accepted').to.equal(false);
  expect(refusal.problem.code).to.equal(code);
  expect(refusal.replayed, 'replayed').to.equal(replayed);
  return refusal;
}

/** @returns each item as "sku state quantity/deducted/refunded" */
export function itemsOf(transaction: { readonly items: readonly Item[] }): string[] {
  return transaction.items.map((item) => `${item.sku} ${item.state} ${item.quantity}/${item.deducted}/${item.refunded}`);
}
