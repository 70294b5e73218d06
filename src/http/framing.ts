// Owns what the head of a request must be beyond what node's parser holds it to: where two readers of it could disagree on where it
// ends, whom it is for or what it asks, it is refused, and nothing that follows it on its connection is read as a request.
import type { IncomingMessage } from 'node:http';
import { type Problem, problem } from '../errors.ts';

/** Node drops headers beyond its bound in silence; one more than is taken shows that there were too many. */
export const MAX_HEADERS = 100;

/** RFC 9112, 3.2.1. Neither a fragment nor what some take for a slash; nothing beyond ASCII. */
const TARGET = /^\/[\x21\x22\x24-\x5b\x5d-\x7e]*$/;
/** Two of them come joined by a comma. */
const HOST = /^[A-Za-z0-9._~%!$&'()*+;=:[\]-]{1,255}$/;

/** @returns why a request is refused before any route sees it; null where it is not */
export function refusalOfHead({ rawHeaders, headers, httpVersion, url = '' }: IncomingMessage): Problem | null {
  if (rawHeaders.length > 2 * MAX_HEADERS)
    return { ...problem('invalid-request', `A request may have up to ${MAX_HEADERS} header fields.`), status: 431 };
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return problem('invalid-request', 'Requests here are HTTP/1.1.');
  const { host, 'transfer-encoding': coding } = headers;
  // RFC 9112, 3.2.
  if (host === undefined ? httpVersion === '1.1' : !HOST.test(host))
    return problem('invalid-request', 'A request needs a Host header, one alone, with a name or an address.');
  if (!TARGET.test(url))
    return problem('invalid-request', 'The target of a request is a path here, and perhaps a query, in ASCII.');
  // RFC 9112, 6.1: other codings are not undone here, and HTTP/1.0 knows none, so somebody on the way may have read another end.
  if (coding !== undefined && (coding.toLowerCase() !== 'chunked' || httpVersion === '1.0'))
    return problem('invalid-request', 'The only Transfer-Encoding here is chunked, of HTTP/1.1.');
  return null;
}

/**
 * Whether a request offers another protocol. It is answered in this one; but node passes over what came behind such a request in
 * the same packet, and what comes later could be the middle of that, so the connection ends with the answer. Not where HTTP/2 is
 * offered: clients that do so with every first request send nothing behind it before they are answered (RFC 7540, 3.2).
 */
export function offersProtocol({ headers: { upgrade } }: IncomingMessage): boolean {
  return upgrade !== undefined && upgrade.toLowerCase() !== 'h2c';
}

const CONDEMNED = Symbol('condemned');

interface Marked {
  [CONDEMNED]?: true;
}

/** From here on, nothing that comes on the connection is a request: also what came in the same packet, and is parsed already. */
export function condemn(socket: object): void {
  (socket as Marked)[CONDEMNED] = true;
}

export function isCondemned(socket: object): boolean {
  return (socket as Marked)[CONDEMNED] === true;
}
