// Owns the name that a caller gives its request (X-Request-Id): it is echoed and stands in the log, where it is one that can do no
// harm there. Anything else is as if it were not there.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Two of them come joined by a comma, which is not among these. */
const FORM = /^[A-Za-z0-9._:/+=-]{1,128}$/;
const NAMED = Symbol('request id');

interface Named {
  [NAMED]?: string;
}

/** Costs a request without one a look at its headers. */
export function takeRequestId(request: IncomingMessage, response: ServerResponse): void {
  const id = request.headers['x-request-id'];
  if (typeof id !== 'string' || !FORM.test(id)) return;
  (request as Named)[NAMED] = id;
  response.setHeader('X-Request-Id', id);
}

/** @returns null where its caller gave none that is taken */
export function requestIdOf(request: IncomingMessage): string | null {
  return (request as Named)[NAMED] ?? null;
}
