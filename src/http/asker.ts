// Owns who is said to have asked, in the audit and in a transaction's history.
import type { Request } from 'express';
import type { Asker } from '../coordinator/act.ts';
import { addressOf } from './address.ts';
import { callerOf } from './caller.ts';

const NOBODY = { kind: 'nobody', id: '', name: '' } as const;

/** For the audit. */
export function askerOf(request: Request): Asker {
  const principal = callerOf(request);
  const address = addressOf(request);
  if (principal === null) return { actor: NOBODY, address };
  const { kind, id, name } = principal;
  return { actor: { kind, id, name }, address };
}

/** For people who read a history. */
export function nameOfAsker(request: Request): string {
  return callerOf(request)?.name ?? `unauthenticated at ${addressOf(request)}`;
}
