// Owns the barrier: what the marks of a branch say about a call, and the order in which marks are taken.
import type { ClientBase } from 'pg';
import type { Call, Phase } from './call.ts';
import { Changed } from './faults.ts';
import { statement } from './statements.ts';

const CLAIM_TRY = statement('claim_try.sql');
const LOCK_TRY = statement('lock_try.sql');
const MARKS = statement('marks.sql');
const CLAIM_DECISION = statement('claim_decision.sql');
const REMEMBER_REFUSAL = statement('remember_refusal.sql');

export interface Mark {
  readonly phase: Phase;
  readonly made_by: Phase;
  readonly refusal: string | null;
}

/** What becomes of a call. */
export type Verdict =
  /** The handler is called. */
  | { readonly kind: 'run' }
  /** It was done before. */
  | { readonly kind: 'repeat' }
  /** A Cancel of what holds nothing: it is noted, and there is nothing to do. */
  | { readonly kind: 'nothing-held' }
  | { readonly kind: 'refused'; readonly reason: string }
  /** This must never happen. */
  | { readonly kind: 'contradiction'; readonly reason: string };

/**
 * Takes the call's turn on its branch, waits for whoever has it, and says what the call has to do. The mark of the call is
 * made, and stays if the transaction is committed.
 * @param client inside a READ COMMITTED transaction
 * @throws Changed where a mark was removed meanwhile
 */
export async function enter(client: ClientBase, call: Call): Promise<Verdict> {
  const { phase, branchId, transactionId } = call;
  if (phase !== 'confirm') {
    const claimed = await client.query(CLAIM_TRY, [branchId, transactionId, phase]);
    if (claimed.rowCount === 1 && phase === 'try') return { kind: 'run' };
  }
  const locked = await client.query(LOCK_TRY, [branchId]);
  if (locked.rowCount === 0 && phase !== 'confirm') throw new Changed();
  const verdict = judge(phase, (await client.query<Mark>(MARKS, [branchId])).rows);
  const isNew = verdict.kind === 'run' || verdict.kind === 'nothing-held';
  if (isNew) {
    const claimed = await client.query(CLAIM_DECISION, [branchId, transactionId, phase]);
    if (claimed.rowCount === 0) throw new Changed();
  }
  return verdict;
}

/** Turns the mark of the Try that is being worked on into a refusal. */
export async function rememberRefusal(client: ClientBase, branchId: string, reason: string): Promise<void> {
  await client.query(REMEMBER_REFUSAL, [branchId, reason]);
}

/** @param marks of the branch; for a Try or Cancel, that of the Try is among them */
export function judge(phase: Phase, marks: readonly Mark[]): Verdict {
  const tried = marks.find((mark) => mark.phase === 'try');
  const isConfirmed = marks.some((mark) => mark.phase === 'confirm');
  const isCancelled = marks.some((mark) => mark.phase === 'cancel') || tried?.made_by === 'cancel';
  const refusal = tried?.refusal ?? null;
  switch (phase) {
    case 'try':
      if (isCancelled) return { kind: 'refused', reason: 'cancelled' };
      return refusal === null ? { kind: 'repeat' } : { kind: 'refused', reason: refusal };
    case 'confirm':
      if (isConfirmed) return { kind: 'repeat' };
      if (isCancelled) return { kind: 'contradiction', reason: 'cancelled' };
      if (tried === undefined) return { kind: 'contradiction', reason: 'never-tried' };
      return refusal === null ? { kind: 'run' } : { kind: 'contradiction', reason: 'try-refused' };
    case 'cancel':
      if (isConfirmed) return { kind: 'contradiction', reason: 'confirmed' };
      if (marks.some((mark) => mark.phase === 'cancel')) return { kind: 'repeat' };
      return refusal === null && tried?.made_by === 'try' ? { kind: 'run' } : { kind: 'nothing-held' };
  }
}
