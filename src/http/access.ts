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
 * @returns why it is refused; null where it is let in: then the request knows its caller
 */
export function refusalAtGate(
  gate: Gate,
  request: IncomingMessage,
  path: string,
): AccessRefusal | null | Promise<AccessRefusal | null> {
  const { host = null, 'sec-fetch-site': site } = request.headers;
  const credential = gate.isOn ? credentialOf(request, path) : null;
  const answer = gate.admit({
    method: request.method ?? 'GET',
    path,
    credential: credential?.text ?? null,
    isSession: credential?.isSession ?? false,
    host,
    site: typeof site === 'string' ? site : null,
  });
  return answer instanceof Promise ? answer.then((later) => refusalIn(request, later)) : refusalIn(request, answer);
}

function refusalIn(request: IncomingMessage, answer: Answer): AccessRefusal | null {
  if (!answer.ok)
    return { problem: answer.problem, headers: answer.challenge === null ? [] : ['WWW-Authenticate', answer.challenge] };
  if (answer.principal !== null) rememberCaller(request, answer.principal);
  return null;
}
