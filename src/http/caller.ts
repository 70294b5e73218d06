// Owns who is behind a request, on the request itself: put there on arrival, for the routes that ask.
import type { IncomingMessage } from 'node:http';
import type { Principal } from '../access/principal.ts';

const CALLER = Symbol('caller');

interface Known {
  [CALLER]?: Principal;
}

export function rememberCaller(request: IncomingMessage, principal: Principal): void {
  (request as Known)[CALLER] = principal;
}

/** @returns null where no authentication is configured */
export function callerOf(request: IncomingMessage): Principal | null {
  return (request as Known)[CALLER] ?? null;
}
