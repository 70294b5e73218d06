// Owns which scope each route needs (contract, section 8). What is on no list needs `admin`: a new route is closed until it is let in
// here. Pure.
import type { Scope } from './principal.ts';

/** `none`: open to everyone. `any`: open to whoever is known, whatever the scopes. */
export type Need = Scope | 'none' | 'any';

const OPEN: ReadonlySet<string> = new Set(['/livez', '/readyz']);
/** Signing in and out happens before, and without, a scope. */
const SIGNING: ReadonlySet<string> = new Set(['/console/session']);
const INTERVENTION = /^\/v1\/transactions\/[^/]+\/(?:retry|resolve)$/;
const CONSOLE_ACT = /^\/console\/api\/transactions\/[^/]+\/(?:retry|resolve|cancel)$/;
const READINGS = /^\/(?:metrics|openapi\.json|docs|console|v1\/operations\/hottest)$|^\/console\//;
const EXPLANATIONS = /^\/problems(?:\/|$)/;
const TRANSACTIONS = /^\/v1\/transactions(?:\/|$)/;
const STOCK = /^\/v1\/stock(?:\/|$)/;

/**
 * @param method as HTTP names it; HEAD and OPTIONS ask for no more than GET
 * @param path without the query, as it came: nothing is decoded before routes are told apart
 */
export function needOf(method: string, path: string): Need {
  if (OPEN.has(path) || SIGNING.has(path)) return 'none';
  const reads = method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
  if (INTERVENTION.test(path) || CONSOLE_ACT.test(path)) return 'admin';
  if (TRANSACTIONS.test(path)) return reads ? 'transactions:read' : 'transactions:write';
  if (path === '/v1/batch') return 'transactions:write';
  if (STOCK.test(path)) return reads ? 'stock:read' : 'stock:write';
  if (READINGS.test(path)) return reads ? 'operations:read' : 'admin';
  return EXPLANATIONS.test(path) ? 'any' : 'admin';
}
