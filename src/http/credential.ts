// Owns what a request says of who it comes from: the Authorization header (RFC 6750), or, on the pages for people, the console's cookie.
import type { IncomingMessage } from 'node:http';

/** Holds the key that somebody signed in with; no script sees it, and no other site's request carries it. */
export const SESSION_COOKIE = 'holdfast_session';

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,8192})$/i;
const CREDENTIAL = /^[A-Za-z0-9._~+/=-]{1,8192}$/;
/** Where the cookie counts. On these only reads, but for the console's acts, which have a guard of their own (src/console/guard.ts). */
const PAGES = /^\/(?:console(?:\/.*)?|docs|openapi\.json|problems(?:\/.*)?)$/;

/**
 * @returns the key or token; null where there is none; what is malformed comes back as it is, and is good for nothing
 */
export function credentialOf(request: IncomingMessage, path: string): string | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) return BEARER.exec(authorization)?.[1] ?? '';
  return PAGES.test(path) ? cookieOf(request) : null;
}

/** @returns what the cookie holds; null where there is none, or nothing that could be a key */
export function cookieOf(request: IncomingMessage): string | null {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== SESSION_COOKIE) continue;
    const value = pair.slice(equals + 1).trim();
    return CREDENTIAL.test(value) ? value : null;
  }
  return null;
}
