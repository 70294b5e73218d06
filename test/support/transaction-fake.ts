// Owns the transactions and participants that the stand-in of the heart (port-fake.ts) holds: how they are made, and replayed.
import type { TryCommand, Verdict } from '../../src/coordinator/command.ts';
import { openedBranches } from '../../src/coordinator/decide/branches.ts';
import type { Participant, Transaction, TransactionId, TransactionState } from '../../src/coordinator/model.ts';
import { type ProblemCode, problem } from '../../src/errors.ts';
import { FIXED_NOW_MS, refuse } from './stock-fake.ts';

export interface Known {
  transaction: Transaction;
  readonly contentHash: string;
  readonly refusal: ProblemCode | null;
}

/** A participant as PUT with a URL alone would register it. */
export function putParticipant(name: string): Participant {
  const retry = { initialMs: 1_000, maxMs: 60_000, attentionAfter: 10 };
  const times = { createdAt: FIXED_NOW_MS, updatedAt: FIXED_NOW_MS };
  return { name, url: `http://127.0.0.1:9/${name}`, timeoutMs: 3_000, maxConcurrency: 64, retry, ...times };
}

/** A transaction without items. */
export function blank(id: TransactionId, state: TransactionState): Transaction {
  const at = FIXED_NOW_MS;
  const times = { createdAt: at, expiresAt: at + 900_000, updatedAt: at };
  return {
    id,
    state,
    reason: null,
    note: null,
    needsAttention: false,
    items: [],
    branches: [],
    reference: null,
    metadata: null,
    ...times,
  };
}

/** A transaction as its Try opens it. */
export function transactionOf(command: TryCommand, state: TransactionState): Transaction {
  const items = command.items.map((item) => ({
    ...item,
    state: state === 'CANCELLED' ? ('AVAILABLE' as const) : ('RESERVED' as const),
    deducted: 0,
    refunded: 0,
  }));
  const reason = state === 'CANCELLED' ? ('insufficient-stock' as const) : null;
  const { id, reference, metadata } = command;
  const branches = openedBranches(id, command.branches, command.traceparent);
  return { ...blank(id, state), items, branches, reason, reference, metadata, expiresAt: FIXED_NOW_MS + command.timeoutMs };
}

/** What a Try of a known id is answered with. */
export function replay(known: Known, command: TryCommand): Verdict {
  if (known.refusal === 'transaction-cancelled' || known.transaction.reason === 'requested')
    return refuse('transaction-cancelled');
  if (known.contentHash !== command.contentHash) return refuse('idempotency-mismatch');
  if (known.refusal !== null)
    return { ok: false, replayed: true, problem: problem(known.refusal, 'There was not enough.', { shortages: [] }) };
  return { ok: true, replayed: true, transaction: known.transaction };
}
