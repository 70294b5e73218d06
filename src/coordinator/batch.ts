// Owns how a batch of commands is settled: the optimistic path for all that is plainly legal, then the exact path for
// what it left, where each command is decided by itself. Both must end the same way (test/integration/paths.property.test.ts).
//
//   replies ──applyReplies──▶ done ──────────────────────────────────────────────▶ verdicts
//                        └──▶ left ──────────────────────────────▶ exclusively
//   plain commands ──apply──▶ done ──────────────────────────────────────────────▶ verdicts
//                        └──▶ left ──screen (one read, no lock)──▶ nothing to store ┘
//   other commands ─────────────┴──────────────────────────────▶ exclusively (lock, decide, save) ──▶ verdicts
import { type Account, accountOf, accountOfMoved, NOTHING_DONE } from './account.ts';
import { type BranchReplyCommand, type Command, isTransactionCommand, type TryCommand, type Verdict } from './command.ts';
import { decide } from './decide/decide.ts';
import { decideTry } from './decide/try.ts';
import { deadlineEffects, type Effects, effectsOf } from './effects.ts';
import { type Applied, type DoneReply, keysOf, type Ledger, LedgerFault, type PlainCommand, type Snapshot } from './ledger.ts';
import type { TransactionState } from './model.ts';
import { type Change, emptyRows, evolve, stockKey } from './rows.ts';

/** Told of each command as soon as its outcome is durable. */
export interface Settlement {
  readonly settled: (position: number, verdict: Verdict) => void;
  /** What must be done about what was stored, and the clock its times count by, both the database's. */
  readonly stored: (effects: Effects, now: number) => void;
  /** What a commit did, for figures. */
  readonly accounted: (account: Account) => void;
}

/**
 * Which paths a batch takes: the optimistic one first, or, where hardly a command would be plain, the exact one alone. Replies
 * have an optimistic path of their own, on either route.
 */
export type Route = 'optimistic-first' | 'exact-only';

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
  route: Route = 'optimistic-first',
): Promise<void> {
  const plain = route === 'exact-only' ? { commands: [], positions: [] } : plainCommands(commands);
  const open = new Set(commands.keys());
  const settle = (position: number, verdict: Verdict): void => {
    open.delete(position);
    settlement.settled(position, verdict);
  };
  const told = { ...settlement, settled: settle };
  await settleReplies(ledger, commands, told);
  if (plain.commands.length > 0) {
    const applied = await applyOrLeaveAll(ledger, plain.commands, again);
    settlement.accounted(applied.account);
    const deadlines: number[] = [];
    plain.commands.forEach((command, index) => {
      const verdict = applied.verdicts[index] ?? (again ? null : refusedForShortage(command, applied));
      if (verdict === null) return;
      if (command.kind === 'try' && verdict.ok) deadlines.push(applied.now + command.timeoutMs);
      settle(at(plain.positions, index), verdict);
    });
    if (deadlines.length > 0) settlement.stored(deadlineEffects(deadlines), applied.now);
  }
  if (open.size > 0 && route !== 'exact-only') await screen(ledger, commands, [...open], again, told);
  if (open.size > 0) await decideExactly(ledger, commands, [...open], told);
}

const PHASE_STATES = { try: 'TRYING', confirm: 'CONFIRMING', cancel: 'CANCELLING' } as const satisfies Record<
  BranchReplyCommand['phase'],
  TransactionState
>;

/** What participants have done is taken down at once, where nothing else in the batch comes before it on the same transaction. */
async function settleReplies(ledger: Ledger, commands: readonly Command[], settlement: Settlement): Promise<void> {
  const { replies, positions } = doneReplies(commands);
  if (replies.length === 0) return;
  const { done, moved, now } = await ledger.applyReplies(replies).catch((error: unknown) => {
    // Another was faster somewhere: nothing was taken down, and the exact path finds out what is still possible.
    if (error instanceof LedgerFault && error.kind === 'conflict') return { done: new Set<number>(), moved: [], now: 0 };
    throw error;
  });
  if (moved.length > 0) {
    settlement.stored({ ...deadlineEffects([]), moved }, now);
    settlement.accounted(accountOfMoved(moved));
  }
  const ends = new Map<string, TransactionState>(moved.map(({ id, state }) => [id, state]));
  // The last of a transaction's replies is the one that moved it: told backwards, each id is met there first.
  for (const index of [...replies.keys()].reverse()) {
    const reply = at(replies, index);
    if (!done.has(index)) continue;
    const state = ends.get(reply.id) ?? PHASE_STATES[reply.phase];
    ends.delete(reply.id);
    settlement.settled(at(positions, index), { ok: true, replayed: false, transaction: { id: reply.id, state } });
  }
}

/** The replies that say "done", and that no other command of the batch on the same transaction, or branch, comes before. */
function doneReplies(commands: readonly Command[]): { replies: DoneReply[]; positions: number[] } {
  const spoken = new Set<string>();
  const replies: DoneReply[] = [];
  const positions: number[] = [];
  commands.forEach((command, position) => {
    if (!isTransactionCommand(command)) return;
    const isPlainReply = isDoneReply(command) && !spoken.has(command.id) && !spoken.has(command.branchId);
    if (isPlainReply) {
      spoken.add(command.branchId);
      replies.push(command);
      positions.push(position);
    } else spoken.add(command.id);
  });
  return { replies, positions };
}

function isDoneReply(command: Command): command is DoneReply {
  return command.kind === 'branch-reply' && command.outcome === 'done';
}

/** The plain commands, but no two on the same transaction: what follows on the same id is decided after it, exactly. */
function plainCommands(commands: readonly Command[]): { commands: PlainCommand[]; positions: number[] } {
  const seen = new Set<string>();
  const plain: PlainCommand[] = [];
  const positions: number[] = [];
  commands.forEach((command, position) => {
    if (!isTransactionCommand(command)) return;
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
      return command.branches.length === 0;
    // Who of the operators asked is an event, which the optimistic path does not write.
    case 'cancel':
      return command.by === undefined;
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
      return { now: 0, verdicts: commands.map(() => null), short: [], account: NOTHING_DONE };
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
    if (!isTransactionCommand(command)) return false;
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
  if (deadlines.length > 0) settlement.stored(deadlineEffects(deadlines), now);
}

/**
 * Whether it was refused because the clock has passed a deadline that nothing stored has decided yet. A confirm that began in
 * time may be about to commit, unseen without a lock; it must not be contradicted (rule 4).
 */
function isOverAtSight({ transactions }: Snapshot['rows'], command: Command, verdict: Verdict): boolean {
  if (verdict.ok || verdict.problem.code !== 'reservation-expired') return false;
  return isTransactionCommand(command) && transactions.get(command.id)?.decidedAt === null;
}

/** Decides one after the other under locks, each on the rows as the ones before it leave them, and saves it all at once. */
async function decideExactly(
  ledger: Ledger,
  commands: readonly Command[],
  left: readonly number[],
  settlement: Settlement,
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
  if (changes.length > 0) settlement.stored(effectsOf(changes), decidedAt);
  settlement.accounted(accountOf(changes, decidedAt));
  for (const [position, verdict] of verdicts) settlement.settled(position, verdict);
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`);
  return value;
}
