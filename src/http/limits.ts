// Owns how often a caller may call: by its address on arrival, by its key once that is known. Off until set; then every request is
// counted in memory, and none waits for anything else.
import type { Request } from 'express';
import type { Rates } from '../access/rates.ts';
import { type Problem, problem } from '../errors.ts';
import { addressOf } from './address.ts';
import { callerOf } from './caller.ts';

/** Null: it is not counted. */
export interface Limits {
  readonly byAddress: Pick<Rates, 'take' | 'perS'> | null;
  readonly byKey: Pick<Rates, 'take' | 'perS'> | null;
  /** Told of each refusal, and by which count. */
  readonly onRefusal?: (limit: 'address' | 'key') => void;
}

export const UNLIMITED: Limits = { byAddress: null, byKey: null };

const PLACES = { address: 'from this address', key: 'with this key' } as const;
/** Whoever has one address of IPv6 has, as a rule, all of its /64. */
const GROUPS_OF_A_NETWORK = 4;

/**
 * Before anything is known of the caller but its address.
 * @returns why it is refused; null where it is not
 */
export function refusalOfAddress(limits: Limits, request: Request, points = 1): Promise<Problem | null> {
  return refusalBy(limits, 'address', networkOf(addressOf(request)), points);
}

/** Once it is known; where nobody needs to be known, nothing is counted by it. */
export async function refusalOfKey(limits: Limits, request: Request, points = 1): Promise<Problem | null> {
  const caller = callerOf(request);
  return caller === null ? null : refusalBy(limits, 'key', caller.lineage, points);
}

/** One request that asks for many things counts as many; the one that it is was counted on arrival. */
export async function refusalOfMore(limits: Limits, request: Request, more: number): Promise<Problem | null> {
  if (more <= 0) return null;
  for (const limit of ['address', 'key'] as const) {
    const rates = limit === 'address' ? limits.byAddress : callerOf(request) === null ? null : limits.byKey;
    // Counted, it would only use up a whole window each time that it is sent again.
    if (rates === null || more < rates.perS) continue;
    limits.onRefusal?.(limit);
    return tooMuch(more + 1, rates.perS);
  }
  return (await refusalOfAddress(limits, request, more)) ?? refusalOfKey(limits, request, more);
}

async function refusalBy(limits: Limits, limit: 'address' | 'key', caller: string, points: number): Promise<Problem | null> {
  const rates = limit === 'address' ? limits.byAddress : limits.byKey;
  if (rates === null) return null;
  const waitMs = await rates.take(caller, points);
  if (waitMs === null) return null;
  limits.onRefusal?.(limit);
  return tooMany(PLACES[limit], waitMs);
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

/** The same again would be refused for ever. */
function tooMuch(points: number, perS: number): Problem {
  const detail = `This counts as ${points} requests, one for each operation, where ${perS} may come within a second. Send it in parts.`;
  return { ...problem('rate-limited', detail), retryable: false };
}
