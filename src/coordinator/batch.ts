// Owns how a batch of commands is settled: the optimistic path for all that is plainly legal, then the exact path for
// what it left, where each command is decided by itself. Both must end the same way (test/integration/paths.property.test.ts).
//
//   plain commands ──apply──▶ done ──────────────────────────────────────────────▶ verdicts
//                        └──▶ left ──screen (one read, no lock)──▶ nothing to store ┘
//   other commands ─────────────┴──────────────────────────────▶ exclusively (lock, decide, save) ──▶ verdicts
import type { Command, TryCommand, Verdict } from './command.ts';
import { decide } from './decide/decide.ts';
import { decideTry } from './decide/try.ts';
import { type Applied, keysOf, type Ledger, LedgerFault, type PlainCommand, type Snapshot } from './ledger.ts';
import { type Change, emptyRows, evolve, stockKey } from './rows.ts';

/** Told of each command as soon as its outcome is durable. */
export interface Settlement {
  readonly settled: (position: number, verdict: Verdict) => void;
  /** Deadlines that were set, and the clock they count by, both the database's: a timer must come for each. */
  readonly deadlines: (deadlines: readonly number[], now: number) => void;
}

/**
 * Settles a batch, in one to three commits, telling of each command as soon as it is settled.
 * @param again whether an earlier attempt at these very commands may have been committed
 * @throws LedgerFault where the database fails; what was not told of by then may be settled again with `again`
 */
export async function settleBatch(
  ledger: Ledger,
  commands: readonly Command[],
  again: boolean,
  settlement: Settlement,
): Promise<void> {
  const plain = plainCommands(commands);
  const open = new Set(commands.keys());
  const settle = (position: number, verdict: Verdict): void => {
    open.delete(position);
    settlement.settled(position, verdict);
  };
  if (plain.commands.length > 0) {
    const applied = await applyOrLeaveAll(ledger, plain.commands, again);
    const deadlines: number[] = [];
    plain.commands.forEach((command, index) => {
      const verdict = applied.verdicts[index] ?? (again ? null : refusedForShortage(command, applied));
      if (verdict === null) return;
      if (command.kind === 'try' && verdict.ok) deadlines.push(applied.now + command.timeoutMs);
      settle(at(plain.positions, index), verdict);
    });
    if (deadlines.length > 0) settlement.deadlines(deadlines, applied.now);
  }
  if (open.size > 0) await screen(ledger, commands, [...open], again, { settled: settle, deadlines: settlement.deadlines });
  if (open.size > 0) await decideExactly(ledger, commands, [...open], settle, settlement.deadlines);
}

/** The plain commands, but no two on the same transaction: what follows on the same id is decided after it, exactly. */
function plainCommands(commands: readonly Command[]): { commands: PlainCommand[]; positions: number[] } {
  const seen = new Set<string>();
  const plain: PlainCommand[] = [];
  const positions: number[] = [];
  commands.forEach((command, position) => {
    if (command.kind === 'move-stock' || command.kind === 'count-stock') return;
    const first = !seen.has(command.id);
    seen.add(command.id);
    if (first && isPlain(command)) {
      plain.push(command);
      positions.push(position);
    }
  });
  return { commands: plain, positions };
}

function isPlain(command: Command): command is PlainCommand {
  switch (command.kind) {
    case 'try':
    case 'cancel':
    case 'expire':
      return true;
    case 'confirm':
      return command.items === null;
    default:
      return false;
  }
}

async function applyOrLeaveAll(ledger: Ledger, commands: readonly PlainCommand[], again: boolean): Promise<Applied> {
  try {
    return await ledger.apply(commands, again);
  } catch (error) {
    // Another instance was faster somewhere: nothing was applied, and the exact path finds out what is still possible.
    if (error instanceof LedgerFault && error.kind === 'conflict')
      return { now: 0, verdicts: commands.map(() => null), short: [] };
    throw error;
  }
}

/**
 * A Try without an id of the caller's that asks for more than there is stores nothing (rule 2), so the counters that the
 * optimistic path saw decide it: a crowd at a sold-out SKU costs one read, and no write and no lock. Not on a second attempt:
 * what is short by now may be what the first one holds.
 */
function refusedForShortage(command: PlainCommand, applied: Applied): Verdict | null {
  if (command.kind !== 'try' || command.idGiven || applied.short.length === 0) return null;
  const decision = decideTry(rowsAsSeen(command, applied), command, applied.now);
  return decision.verdict.ok || decision.changes.length > 0 ? null : decision.verdict;
}

/** What is not among the short ones was seen to suffice. */
function rowsAsSeen(command: TryCommand, applied: Applied): Snapshot['rows'] {
  const rows = emptyRows();
  for (const { sku, warehouse, quantity } of command.items) {
    const short = applied.short.find((candidate) => candidate.sku === sku && candidate.warehouse === warehouse);
    const row = short === undefined ? { sku, warehouse, available: quantity, reserved: 0, deducted: 0, version: 1 } : short.row;
    if (row !== null) rows.stock.set(stockKey(sku, warehouse), row);
  }
  return rows;
}

/** Replays, wrong moves and refusals need no write: one read without a lock settles them, each by itself. */
async function screen(
  ledger: Ledger,
  commands: readonly Command[],
  left: readonly number[],
  again: boolean,
  settlement: Settlement,
): Promise<void> {
  const seen = new Set<string>();
  const candidates = left.filter((position) => {
    const command = at(commands, position);
    const first = !seen.has(command.id);
    seen.add(command.id);
    return (
      first && (command.kind === 'try' || command.kind === 'confirm' || command.kind === 'cancel' || command.kind === 'expire')
    );
  });
  if (candidates.length === 0) return;
  const { rows, now } = await ledger.load(keysOf(candidates.map((position) => at(commands, position))));
  const deadlines: number[] = [];
  for (const position of candidates) {
    const command = at(commands, position);
    const { verdict, changes } = decide(rows, command, now);
    if (changes.length > 0 || isOverAtSight(rows, command, verdict)) continue;
    // Stored by an attempt whose answer was lost, perhaps: then nobody has been told of its deadline.
    const held = again && command.kind === 'try' && verdict.ok ? rows.transactions.get(command.id) : undefined;
    if (held?.decidedAt === null) deadlines.push(held.expiresAt);
    settlement.settled(position, verdict);
  }
  if (deadlines.length > 0) settlement.deadlines(deadlines, now);
}

/**
 * Whether it was refused because the clock has passed a deadline that nothing stored has decided yet. A confirm that began in
 * time may be about to commit, unseen without a lock; it must not be contradicted (rule 4).
 */
function isOverAtSight({ transactions }: Snapshot['rows'], command: Command, verdict: Verdict): boolean {
  if (verdict.ok || verdict.problem.code !== 'reservation-expired') return false;
  return command.kind !== 'move-stock' && command.kind !== 'count-stock' && transactions.get(command.id)?.decidedAt === null;
}

/** Decides one after the other under locks, each on the rows as the ones before it leave them, and saves it all at once. */
async function decideExactly(
  ledger: Ledger,
  commands: readonly Command[],
  left: readonly number[],
  settle: Settlement['settled'],
  tellDeadlines: Settlement['deadlines'],
): Promise<void> {
  const verdicts = new Map<number, Verdict>();
  let changes: Change[] = [];
  let decidedAt = 0;
  await ledger.exclusively(keysOf(left.map((position) => at(commands, position))), ({ rows, now }) => {
    changes = [];
    decidedAt = now;
    for (const position of left) {
      const decision = decide(rows, at(commands, position), now);
      evolve(rows, decision.changes);
      changes.push(...decision.changes);
      verdicts.set(position, decision.verdict);
    }
    return changes;
  });
  const deadlines = changes.flatMap(deadlineOf);
  if (deadlines.length > 0) tellDeadlines(deadlines, decidedAt);
  for (const [position, verdict] of verdicts) settle(position, verdict);
}

function deadlineOf(change: Change): number[] {
  if (change.kind === 'open-transaction') return change.transaction.decidedAt === null ? [change.transaction.expiresAt] : [];
  if (change.kind === 'change-transaction')
    return change.after.expiresAt === change.before.expiresAt ? [] : [change.after.expiresAt];
  return [];
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return value;
}
