// Owns who may use the console's own routes from a browser: the console's page alone. Without it, any page that an operator has open
// could act in the operator's name. Pure.
import { type Problem, problem } from '../errors.ts';
import { isFromOwnPage } from '../http/origins.ts';

interface Headers {
  readonly [name: string]: string | readonly string[] | undefined;
}

/** No page of another origin can send it without asking first, and it is never allowed to. */
export const GUARD_HEADER = 'x-holdfast-console';

/** @returns why a read is refused; null where it is not */
export function refusalOfRead(headers: Headers): Problem | null {
  const site = headers['sec-fetch-site'];
  // None: the address was typed in.
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  return problem('forbidden', 'A page of another origin may not read what the console reads.');
}

/** @returns why an act is refused; null where it is not */
export function refusalOfAct(headers: Headers): Problem | null {
  if (headers[GUARD_HEADER] !== '1') return problem('forbidden', 'Acts of the console need the header X-Holdfast-Console: 1.');
  return isFromOwnPage(headers) ? null : problem('forbidden', 'A page of another origin may not act in the console.');
}
