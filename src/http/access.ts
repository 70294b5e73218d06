// Owns the gate on the way in: every request passes it before any route sees it.
import type { IncomingMessage } from 'node:http';
import type { Answer, Gate } from '../access/gate.ts';
import type { Problem } from '../errors.ts';
import { rememberCaller } from './caller.ts';
import { credentialOf } from './credential.ts';

export interface AccessRefusal {
  readonly problem: Problem;
  /** Names and values in turn. */
  readonly headers: readonly string[];
}

/**
 * @param path without the query
 * @param corsOrigins whose pages may call
 * @returns why it is refused; null where it is let in: then the request knows its caller
 */
export function refusalAtGate(
  gate: Gate,
  request: IncomingMessage,
  path: string,
  corsOrigins: readonly string[],
): AccessRefusal | null | Promise<AccessRefusal | null> {
  const { host = null, origin, 'sec-fetch-site': site } = request.headers;
  const isShared = origin !== undefined && corsOrigins.includes(origin);
  const credential = gate.isOn ? credentialOf(request, path) : null;
  const answer = gate.admit({
    method: request.method ?? 'GET',
    path,
    credential: credential?.text ?? null,
    isSession: credential?.isSession ?? false,
    host,
    site: typeof site === 'string' && !isShared ? site : null,
  });
  return answer instanceof Promise ? answer.then((later) => refusalIn(request, later)) : refusalIn(request, answer);
}

function refusalIn(request: IncomingMessage, answer: Answer): AccessRefusal | null {
  if (!answer.ok)
    return { problem: answer.problem, headers: answer.challenge === null ? [] : ['WWW-Authenticate', answer.challenge] };
  if (answer.principal !== null) rememberCaller(request, answer.principal);
  return null;
}
