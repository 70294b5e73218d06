// Owns the Express application: which route stands where, what applies to all of them, and how the unforeseen is answered.
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { DatabaseUnavailable } from '../coordinator/queries.ts';
import { type Problem, problem } from '../errors.ts';
import { shown } from '../shown.ts';
import { type AccessRefusal, refusalAtGate } from './access.ts';
import type { AppContext } from './context.ts';
import { type Limits, refusalOfAddress, refusalOfKey, UNLIMITED } from './limits.ts';
import { takeOnly } from './methods.ts';
import { observe } from './observer.ts';
import { refusalOfOrigin, shareWith } from './origins.ts';
import { SIGN_IN_POLICY, signInPage } from './pages/sign-in.ts';
import { sendHtml, sendProblem, traceIdOfRequest } from './reply.ts';
import { addAuditRoute } from './routes/audit.ts';
import { addBatchRoute } from './routes/batch.ts';
import { addBranchRoutes } from './routes/branches.ts';
import { addImportRoute } from './routes/import.ts';
import { addKeyRoutes } from './routes/keys.ts';
import { addOperationRoutes } from './routes/operations.ts';
import { addParticipantRoutes } from './routes/participants.ts';
import { addSessionRoutes } from './routes/session.ts';
import { addStockRoutes } from './routes/stock.ts';
import { addTransactionRoutes } from './routes/transactions.ts';
import { logFieldsOf } from './tracer.ts';

export type { Access, AppContext, Readiness } from './context.ts';

export interface AppOptions extends AppContext {
  /** How long the body of an import may stand still before its caller is given up. */
  readonly bodyStallTimeoutMs?: number;
  /** Whose pages may call from a browser, besides its own. */
  readonly corsOrigins?: readonly string[];
  /** IP addresses and CIDRs of the proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies?: readonly string[];
  /** Adds the routes of what stands above this layer. */
  readonly extend?: (app: Express) => void;
}

const DEFAULT_BODY_STALL_TIMEOUT_MS = 30_000;

/** Every path and the methods it takes; what a path takes besides is answered 405 with this list. */
const ALLOWED: Readonly<Record<string, string>> = {
  '/v1/transactions': 'GET, HEAD, POST',
  '/v1/transactions/:id': 'GET, HEAD',
  '/v1/transactions/:id/confirm': 'POST',
  '/v1/transactions/:id/cancel': 'POST',
  '/v1/transactions/:id/extend': 'POST',
  '/v1/transactions/:id/refund': 'POST',
  '/v1/transactions/:id/retry': 'POST',
  '/v1/transactions/:id/resolve': 'POST',
  '/v1/batch': 'POST',
  '/v1/participants': 'GET, HEAD',
  '/v1/participants/:name': 'DELETE, GET, HEAD, PUT',
  '/v1/stock': 'GET, HEAD',
  // These two are also names a SKU may have, so they take what a SKU takes.
  '/v1/stock/movements': 'GET, HEAD, POST, PUT',
  '/v1/stock/import': 'GET, HEAD, POST, PUT',
  '/v1/stock/:sku': 'GET, HEAD, PUT',
  '/v1/stock/:sku/history': 'GET, HEAD',
  '/v1/keys': 'GET, HEAD, POST',
  '/v1/keys/:id': 'DELETE',
  '/v1/keys/:id/rotate': 'POST',
  '/v1/audit': 'GET, HEAD',
  '/console/session': 'DELETE, POST',
  '/v1/operations/hottest': 'GET, HEAD',
  '/livez': 'GET, HEAD',
  '/readyz': 'GET, HEAD',
  '/metrics': 'GET, HEAD',
  '/openapi.json': 'GET, HEAD',
  '/docs': 'GET, HEAD',
  '/problems': 'GET, HEAD',
  '/problems/:code': 'GET, HEAD',
};

/** Pages that a person can sign in at. */
const PAGES = new Set(['/console', '/console/', '/docs']);
const PROBES = new Set(['/livez', '/readyz']);
/** Answers in other forms than JSON, or to whoever probes. */
const ANY_ACCEPT = /^\/(?:livez|readyz|metrics|docs|problems(?:\/.*)?|console(?:\/|\/session|\/api\/live|\/assets\/.*)?)$/;
const JSON_TYPES = ['application/json', 'application/problem+json'];

/** Makes the application. It holds no connection and no timer of its own (a wait for branches is the Watch's); createHttpServer puts it on a socket. */
export function createApp(options: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  const proxies = options.trustedProxies ?? [];
  app.set('trust proxy', proxies.length > 0 && [...proxies]);
  app.set('query parser', false);
  app.enable('case sensitive routing');
  app.enable('strict routing');
  shareWith(app, options.corsOrigins ?? []);
  app.use((request: Request, response: Response, next: NextFunction) => admit(options, request, response, next));
  // The busiest routes come first: Express tries them in order.
  addTransactionRoutes(app, options);
  addBatchRoute(app, options);
  addImportRoute(app, options, options.bodyStallTimeoutMs ?? DEFAULT_BODY_STALL_TIMEOUT_MS);
  addStockRoutes(app, options);
  addBranchRoutes(app, options);
  addParticipantRoutes(app, options);
  addKeyRoutes(app, options);
  addAuditRoute(app, options);
  addSessionRoutes(app, options);
  addOperationRoutes(app, options);
  options.extend?.(app);
  for (const [path, allow] of Object.entries(ALLOWED)) takeOnly(app, path, allow);
  app.use((request: Request, response: Response) => {
    sendProblem(request, response, problem('not-found', `Nothing stands at ${pathOf(request)}.`));
  });
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) =>
    answerError(options, error, request, response),
  );
  return app;
}

function admit(options: AppOptions, request: Request, response: Response, next: NextFunction): void {
  observe(options.observer, request, response);
  const isDraining = options.isDraining();
  if (isDraining) response.shouldKeepAlive = false;
  const refusal = refusalOnArrival(isDraining, request) ?? refusalOfOrigin(request, options.corsOrigins ?? []);
  if (refusal !== null) {
    sendProblem(request, response, refusal);
    return;
  }
  const limits = options.limits ?? UNLIMITED;
  const isLimited = (limits.byAddress !== null || limits.byKey !== null) && !PROBES.has(request.path);
  // Nobody waits for a promise who needs not.
  const atGate = isLimited
    ? refusalWithin(options, limits, request)
    : refusalAtGate(options.access.gate, request, request.path, options.corsOrigins ?? []);
  if (atGate instanceof Promise) atGate.then((later) => passOn(later, request, response, next), next);
  else passOn(atGate, request, response, next);
}

/** The address counts before anything that costs more; the key, once it is known. */
async function refusalWithin(options: AppOptions, limits: Limits, request: Request): Promise<AccessRefusal | null> {
  const ofAddress = await refusalOfAddress(limits, request);
  if (ofAddress !== null) return { problem: ofAddress, headers: [] };
  const atGate = await refusalAtGate(options.access.gate, request, request.path, options.corsOrigins ?? []);
  if (atGate !== null) return atGate;
  const ofKey = await refusalOfKey(limits, request);
  return ofKey === null ? null : { problem: ofKey, headers: [] };
}

function passOn(refusal: AccessRefusal | null, request: Request, response: Response, next: NextFunction): void {
  if (refusal === null) next();
  else if (isPersonAtPage(request) && refusal.problem.code === 'unauthenticated')
    sendHtml(response, 401, signInPage(null), SIGN_IN_POLICY, ['Cache-Control', 'no-store', ...refusal.headers]);
  else sendProblem(request, response, refusal.problem, refusal.headers);
}

/** A browser on its way to a page for people is asked for a key there and then. */
function isPersonAtPage(request: Request): boolean {
  return request.method === 'GET' && PAGES.has(request.path) && (request.headers.accept ?? '').includes('text/html');
}

/** What applies to every route. Probes are answered even while draining, and whatever they accept. */
function refusalOnArrival(isDraining: boolean, request: Request): Problem | null {
  if (isDraining && !PROBES.has(request.path)) return problem('overloaded', 'The coordinator is shutting down.');
  const { accept } = request.headers;
  if (accept === undefined || accept.includes('*/*') || accept === 'application/json') return null;
  if (ANY_ACCEPT.test(request.path) || request.accepts(JSON_TYPES) !== false) return null;
  return problem('not-acceptable', `Answers here are application/json, which Accept: ${shown(accept)} rules out.`);
}

/** The last resort. What a caller did wrong is told; what went wrong here is told briefly and logged in full. */
function answerError(options: AppOptions, error: unknown, request: Request, response: Response): void {
  const traceId = traceIdOfRequest(request);
  const foreseen = foreseenProblem(error);
  if (foreseen === null)
    options.log.error(
      { err: error, traceId, ...logFieldsOf(request), ...idsIn(request), method: request.method, path: pathOf(request) },
      'a request failed unforeseen',
    );
  const refusal = foreseen ?? problem('internal-error', 'An unforeseen fault; it is logged under the traceId.');
  if (response.headersSent) response.destroy();
  else sendProblem(request, response, refusal, [], traceId);
}

function foreseenProblem(error: unknown): Problem | null {
  if (error instanceof DatabaseUnavailable)
    return problem('database-unavailable', 'PostgreSQL does not answer; the same request may be sent again.');
  // The router cannot decode a path parameter such as `%zz`.
  if (error instanceof URIError) {
    const message = 'is not valid percent-encoded UTF-8';
    return problem('invalid-request', `path: ${message}`, { errors: [{ path: 'path', message }] });
  }
  return null;
}

/** Which transaction the request was about, where its path says so. */
function idsIn(request: Request): { readonly transactionId?: string } {
  const transactionId = /^\/v1\/transactions\/([0-9a-fA-F-]{36})(?:\/|$)/.exec(request.path)?.[1];
  return transactionId === undefined ? {} : { transactionId: transactionId.toLowerCase() };
}

function pathOf(request: Request): string {
  return shown(request.url.split('?', 1)[0] ?? '');
}
