// Owns what a request says of who it comes from: the Authorization header (RFC 6750), or, for the console's page and what it reads, the
// cookie of whoever signed in there.
import type { IncomingMessage } from 'node:http';

/** Holds the key that somebody signed in with; no script sees it, and no other site's request carries it. */
export const SESSION_COOKIE = 'holdfast_session';

export interface Credential {
  /** The key or token; what is malformed is empty, and good for nothing. */
  readonly text: string;
  /** Whether it is the console's cookie. */
  readonly isSession: boolean;
}

const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,8192})$/i;
const TOKEN = /^[A-Za-z0-9._~+/=-]{1,8192}$/;
/** The console's acts have a guard of their own besides (src/console/guard.ts). */
const CONSOLE = /^\/console(?:\/|$)/;
/** What its page reads, and the pages for people. */
const READ = /^\/(?:docs|openapi\.json|problems(?:\/.*)?|v1\/(?:transactions|stock)(?:\/.*)?|v1\/operations\/hottest)$/;

/** @returns null where nothing is said */
export function credentialOf(request: IncomingMessage, path: string): Credential | null {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) return { text: BEARER.exec(authorization)?.[1] ?? '', isSession: false };
  if (cookie === undefined) return null;
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  const text = CONSOLE.test(path) || (isRead && READ.test(path)) ? sessionIn(cookie) : null;
  return text === null ? null : { text, isSession: true };
}

/** Whether a text can be a key or a token at all, and so go into a cookie. */
export function isCredential(text: string): boolean {
  return TOKEN.test(text);
}

function sessionIn(cookies: string): string | null {
  for (const pair of cookies.split(';')) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== SESSION_COOKIE) continue;
    const value = pair.slice(equals + 1).trim();
    return isCredential(value) ? value : null;
  }
  return null;
}
