// Decides the registration of participants. Calls to one go where its registration says when they are made, so it may change
// while transactions are open; it may not go while one of them names it.
import type { ParticipantAccepted, PutParticipantCommand, Refused, RemoveParticipantCommand } from '../command.ts';
import type { Participant } from '../model.ts';
import type { Rows, StoredParticipant } from '../rows.ts';
import { digestOfSecret } from '../secrets.ts';
import { isSettled } from './branches.ts';
import { type Decision, refuse, refuseWith } from './decision.ts';

export function decidePutParticipant(rows: Rows, command: PutParticipantCommand, now: number): Decision<ParticipantAccepted> {
  const { name, url, timeoutMs, maxConcurrency, retry, secret } = command;
  const known = rows.participants.get(name);
  const createdAt = known?.participant.createdAt ?? now;
  const participant: Participant = { name, url, timeoutMs, maxConcurrency, retry, createdAt, updatedAt: now };
  const made = secret === null ? madeSecret(known, command) : null;
  return {
    verdict: { ok: true, replayed: false, participant, ...(made === null ? {} : { secret: made }) },
    changes: [{ kind: 'put-participant', participant, secret: secret ?? made, isSecretMade: made !== null }],
  };
}

/** Where a commit's answer was lost and its batch is settled again, it finds the one that it made itself, and nobody was shown. */
function madeSecret(known: StoredParticipant | undefined, { spareSecret }: PutParticipantCommand): string | null {
  const digest = known?.secretDigest ?? null;
  return digest === null || digest === digestOfSecret(spareSecret) ? spareSecret : null;
}

export function decideRemoveParticipant(rows: Rows, { name }: RemoveParticipantCommand): Decision<ParticipantAccepted | Refused> {
  const known = rows.participants.get(name);
  if (known === undefined) return refuse(unknownParticipant(name, 404));
  if (known.isInUse || isNamedIn(rows, name))
    return refuseWith('invalid-transition', `Open transactions name participant ${name}.`, { participant: name });
  return {
    verdict: { ok: true, replayed: false, participant: known.participant },
    changes: [{ kind: 'remove-participant', name }],
  };
}

/** By a transaction of the same batch, which nothing stored tells of yet. */
function isNamedIn(rows: Rows, name: string): boolean {
  return [...rows.transactions.values()].some(({ branches }) =>
    branches.some((branch) => branch.participant === name && !isSettled(branch)),
  );
}

/** @param status 404 to whoever asks for it, 422 in a basket */
export function unknownParticipant(name: string, status: 404 | 422) {
  const detail = `No participant is registered under the name ${name}.`;
  return { code: 'unknown-participant', detail, status, members: { participant: name } } as const;
}
