// Decides an extend: a new deadline, counted from now, while the old one has not come. Rules 5 and 7 of the contract.
import { stepTransaction } from '../../../workflows/step.ts';
import type { ExtendCommand, Refused, TransactionAccepted } from '../command.ts';
import type { Rows, StoredTransaction } from '../rows.ts';
import { accept, type Decision, expiredProblem, refuse, wrongState } from './decision.ts';
import { unknownTransaction } from './settle.ts';

export function decideExtend(rows: Rows, command: ExtendCommand, now: number): Decision<TransactionAccepted | Refused> {
  const known = rows.transactions.get(command.id);
  if (known === undefined) return unknownTransaction(command.id);
  if (known.reason === 'expired') return refuse(expiredProblem(known));
  const step = stepTransaction(known.state, 'EXTEND', { hasBranches: known.branches.length > 0 });
  if (step === null) return wrongState(known, 'be extended');
  if (now >= known.expiresAt) return refuse(expiredProblem(known));
  const after: StoredTransaction = { ...known, state: step.to, expiresAt: now + command.timeoutMs, updatedAt: now };
  const detail = { expiresAt: new Date(after.expiresAt).toISOString(), timeoutMs: command.timeoutMs };
  return accept(after, 'whole', false, [
    { kind: 'change-transaction', before: known, after },
    {
      kind: 'record-event',
      transactionId: known.id,
      event: { at: now, event: 'EXTEND', from: known.state, to: step.to, detail },
    },
  ]);
}
