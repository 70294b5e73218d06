// Owns how often a caller may call: by its address on arrival, by its key once that is known. Off until set; then every request is
// counted in memory, and none waits for anything else.
import type { Request } from 'express';
import type { Rates } from '../access/rates.ts';
import { type Problem, problem } from '../errors.ts';
import { addressOf } from './address.ts';
import { callerOf } from './caller.ts';

/** Null: it is not counted. */
export interface Limits {
  readonly byAddress: Pick<Rates, 'take'> | null;
  readonly byKey: Pick<Rates, 'take'> | null;
}

export const UNLIMITED: Limits = { byAddress: null, byKey: null };

/** Whoever has one address of IPv6 has, as a rule, all of its /64. */
const GROUPS_OF_A_NETWORK = 4;

/**
 * Before anything is known of the caller but its address.
 * @returns why it is refused; null where it is not
 */
export async function refusalOfAddress({ byAddress }: Limits, request: Request, points = 1): Promise<Problem | null> {
  if (byAddress === null) return null;
  const waitMs = await byAddress.take(networkOf(addressOf(request)), points);
  return waitMs === null ? null : tooMany('from this address', waitMs);
}

/** Once it is known; where nobody needs to be known, nothing is counted by it. */
export async function refusalOfKey({ byKey }: Limits, request: Request, points = 1): Promise<Problem | null> {
  const caller = callerOf(request);
  if (byKey === null || caller === null) return null;
  const waitMs = await byKey.take(caller.lineage, points);
  return waitMs === null ? null : tooMany('with this key', waitMs);
}

/** One request that asks for many things counts as many; the one that it is was counted on arrival. */
export async function refusalOfMore(limits: Limits, request: Request, more: number): Promise<Problem | null> {
  if (more <= 0) return null;
  return (await refusalOfAddress(limits, request, more)) ?? refusalOfKey(limits, request, more);
}

/** @param address as addressOf tells it */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const rest = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - groups.length - rest.length }, () => '0');
  return `${[...groups, ...zeros, ...rest].slice(0, GROUPS_OF_A_NETWORK).join(':')}::/64`;
}

function tooMany(where: string, waitMs: number): Problem {
  const retryAfterS = Math.max(1, Math.ceil(waitMs / 1000));
  return problem('rate-limited', `More requests came ${where} within a second than may; try again in ${retryAfterS} s.`);
}
