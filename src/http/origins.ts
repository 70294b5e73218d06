// Owns who may call from a page in a browser: pages of this very origin, and of those that a setting names (CORS). Programs name no
// origin, and none of this concerns them.
import cors from 'cors';
import type { Express, NextFunction, Request, Response } from 'express';
import { type Problem, problem } from '../errors.ts';
import { sendNothing } from './reply.ts';

/** The console never takes part, nor does what probes and measures. */
const SHARED = ['/v1', '/openapi.json'];

const POLICY = {
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
  allowedHeaders: [
    ...['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'Prefer'],
    ...['traceparent', 'X-Request-Id'],
  ],
  exposedHeaders: ['ETag', 'Location', 'Retry-After', 'Idempotent-Replayed', 'Preference-Applied', 'X-Request-Id'],
  // Cookies are the console's, and it is asked by its own page alone.
  credentials: false,
  maxAge: 600,
  preflightContinue: true,
};

/**
 * Lets pages of the named origins read answers. Comes first, before anything may refuse: a page is to see why, and a preflight shows
 * no credentials. Without origins nothing is added.
 */
export function shareWith(app: Express, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const headers = cors({ ...POLICY, origin: [...origins] });
  app.use(SHARED, (request: Request, response: Response, next: NextFunction) => {
    const isPreflight = isPreflightOf(request);
    // To cors, every OPTIONS is one; to us, the others ask for the methods.
    if (request.method === 'OPTIONS' && !isPreflight) return next();
    headers(request, response, (error?: unknown) => {
      if (error === undefined && isPreflight) sendNothing(response, 204);
      else next(error);
    });
  });
}

function isPreflightOf({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

/**
 * A browser sends some requests without asking first, such as a POST without a body; that its page may not read the answer undoes
 * nothing. So what could change something is refused where a page of another origin sends it.
 */
export function refusalOfOrigin({ method, headers }: Request, origins: readonly string[]): Problem | null {
  const { origin } = headers;
  if (origin === undefined || method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return null;
  if (headers['sec-fetch-site'] === 'same-origin' || origins.includes(origin) || isOriginOf(origin, headers.host)) return null;
  return problem('forbidden', 'A page of another origin may not act here; HOLDFAST_CORS_ORIGINS names those that may.');
}

interface Headers {
  readonly [name: string]: string | readonly string[] | undefined;
}

/** @returns false where the browser names another origin; true also where nothing is said: then it is no browser of today */
export function isFromOwnPage({ 'sec-fetch-site': site, origin, host }: Headers): boolean {
  // A page that tells no referrer names no origin either (`null`); what the browser says by itself counts for more.
  if (site !== undefined) return site === 'same-origin';
  return origin === undefined || isOriginOf(origin, host);
}

/** The scheme is left out of it: a proxy in front may be the one that speaks TLS. */
function isOriginOf(origin: unknown, host: unknown): boolean {
  if (typeof origin !== 'string' || typeof host !== 'string' || !URL.canParse(origin)) return false;
  const { protocol, host: named } = new URL(origin);
  const asked = `${protocol}//${host}`;
  // Parsed alike, so that a port that goes without saying does not count.
  return named !== '' && URL.canParse(asked) && new URL(asked).host === named;
}
