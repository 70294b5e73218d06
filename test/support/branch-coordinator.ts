// Owns coordinators of branches on a ledger database, for tests: each with a lease of its own, a lane, and what that was told to do.
// They call nobody: a test gives the participants' replies.
import type { BranchWorkPort } from '../../src/coordinator/branch-work.ts';
import type { Command, Verdict } from '../../src/coordinator/command.ts';
import type { BranchCall } from '../../src/coordinator/effects.ts';
import { Lane } from '../../src/coordinator/lane.ts';
import { keysOf } from '../../src/coordinator/ledger.ts';
import type { Branch, TransactionId } from '../../src/coordinator/model.ts';
import type { StoredTransaction } from '../../src/coordinator/rows.ts';
import { PostgresBranchWork } from '../../src/ledger/branch-work.ts';
import { retryOf } from './commands.ts';
import type { LedgerDatabase } from './ledger-database.ts';
import { told } from './memory-lane.ts';

export interface BranchCoordinator {
  readonly id: string;
  readonly lane: Lane;
  readonly work: BranchWorkPort;
  /** What it was granted by its own commits, and not yet asked about. */
  readonly calls: BranchCall[];
  /** The transactions that its commits moved, as they stored them last. */
  readonly moved: Map<TransactionId, StoredTransaction>;
  readonly faults: string[];
  /** @returns the answers in one word each */
  tell(...commands: readonly Command[]): Promise<string[]>;
  /** As it is stored. */
  stored(id: TransactionId): Promise<StoredTransaction>;
  branch(id: TransactionId, position: number): Promise<Branch>;
}

export function coordinatorId(number: number): string {
  return `c0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}

/** @param leaseMs null: it has no lease */
export async function startCoordinator(
  database: LedgerDatabase,
  number: number,
  leaseMs: number | null = 60_000,
): Promise<BranchCoordinator> {
  const id = coordinatorId(number);
  const ledger = database.another(() => (leaseMs === null ? null : id));
  const work = new PostgresBranchWork(database.pool());
  if (leaseMs !== null) await work.beginLease(id, `test ${number}`, leaseMs);
  const calls: BranchCall[] = [];
  const moved: BranchCoordinator['moved'] = new Map();
  const faults: string[] = [];
  const lane = new Lane(ledger, {
    queueLimit: 1000,
    batchLimit: 50,
    patienceMs: 10_000,
    onEffects: (effects) => {
      calls.push(...effects.calls);
      for (const transaction of effects.moved) moved.set(transaction.id, transaction);
    },
    onFault: (fault) => faults.push(String(fault)),
  });
  const stored = async (of: TransactionId): Promise<StoredTransaction> => {
    const found = (await ledger.load(keysOf([retryOf(of)]))).rows.transactions.get(of);
    if (found === undefined) throw new Error(`nothing is stored under ${of}`);
    return found;
  };
  return {
    ...{ id, lane, work, calls, moved, faults, stored },
    tell: async (...commands) => (await Promise.all(commands.map((command): Promise<Verdict> => lane.submit(command)))).map(told),
    branch: async (of, position) => {
      const branch = (await stored(of)).branches[position];
      if (branch === undefined) throw new Error(`${of} has no branch at ${position}`);
      return branch;
    },
  };
}

/** The lease is over, though nobody has ended it yet. */
export async function letLapse({ id, work }: BranchCoordinator): Promise<void> {
  await work.renewLease(id, -1000);
}

/** Resolves once so many wait for a lock. */
export async function untilSomebodyWaits(database: LedgerDatabase, waiters = 1): Promise<void> {
  const waiting = async (): Promise<number> =>
    (await database.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"))
      .length;
  while ((await waiting()) < waiters) await new Promise((resolve) => setImmediate(resolve));
}
