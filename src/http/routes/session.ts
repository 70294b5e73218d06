// Owns signing in to the pages for people, and out: the key goes into a cookie that no script can read and no other site's request
// carries. There is no session to keep: the cookie is the key, and is no longer good once that is revoked.
import type { Express, Request, Response } from 'express';
import { CHALLENGE } from '../../access/gate.ts';
import { mayUse } from '../../access/principal.ts';
import { problem } from '../../errors.ts';
import { readForm } from '../body.ts';
import { type AppContext, sendBodyRefusal } from '../context.ts';
import { isCredential, SESSION_COOKIE } from '../credential.ts';
import { isFromOwnPage } from '../origins.ts';
import { SIGN_IN_POLICY, signInPage } from '../pages/sign-in.ts';
import { refusalOfQuery } from '../query.ts';
import { sendHtml, sendNothing, sendProblem } from '../reply.ts';
import { dataHeaders } from '../security-headers.ts';

const PATH = '/console/session';
const CONSOLE = '/console';
/** A working day: then it is asked for again. */
const KEPT_S = 43_200;
/** Browsers drop a cookie that is longer, in silence. */
const MAX_COOKIE_CHARACTERS = 4_000;
const MAX_FORM_BYTES = 16_384;

export function addSessionRoutes(app: Express, context: AppContext): void {
  app.post(PATH, (request, response) => signIn(context, request, response));
  app.delete(PATH, (request, response) => signOut(request, response));
}

async function signIn({ access: { gate } }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfRequest(request);
  if (refusal !== null) return sendProblem(request, response, refusal);
  const form = await readForm(request, MAX_FORM_BYTES);
  if (!form.ok) return sendBodyRefusal(request, response, form);
  const key = (form.value.get('key') ?? '').trim();
  if (!gate.isOn) return goOn(response, []);
  if (!isCredential(key) || key.length > MAX_COOKIE_CHARACTERS) return refuse(response, 401, 'That is no key.');
  const principal = await gate.principalOf(key);
  if (principal === null) return refuse(response, 401, 'The key is not good here, or no longer.');
  if (!mayUse(principal, 'operations:read'))
    return refuse(response, 403, 'The key is good, but has not the scope operations:read.');
  goOn(response, ['Set-Cookie', cookie(request, key, KEPT_S)]);
}

function signOut(request: Request, response: Response): void {
  const refusal = refusalOfRequest(request);
  if (refusal !== null) {
    sendProblem(request, response, refusal);
    return;
  }
  sendNothing(response, 204, ['Set-Cookie', cookie(request, '', 0)]);
}

/** Nobody is signed in, or out, by another site's page. */
function refusalOfRequest(request: Request) {
  if (!isFromOwnPage(request.headers)) return problem('forbidden', 'A page of another origin may not sign anybody in or out.');
  return refusalOfQuery(request.url)?.problem ?? null;
}

function goOn(response: Response, headers: readonly string[]): void {
  response.writeHead(303, [
    ...dataHeaders(response),
    'Location',
    CONSOLE,
    'Content-Length',
    '0',
    'Cache-Control',
    'no-store',
    ...headers,
  ]);
  response.end();
}

function refuse(response: Response, status: 401 | 403, said: string): void {
  // Whoever is not known is told how to be (RFC 9110, 15.5.2). No browser asks anybody for a Bearer.
  const challenge = status === 401 ? ['WWW-Authenticate', CHALLENGE] : [];
  sendHtml(response, status, signInPage(said), SIGN_IN_POLICY, ['Cache-Control', 'no-store', ...challenge]);
}

/** `Secure` where the browser came over TLS, by our own or by that of a proxy which says so: saying it wrongly harms who says it. */
function cookie(request: Request, value: string, maxAgeS: number): string {
  const isSecure = 'encrypted' in request.socket || request.headers['x-forwarded-proto'] === 'https';
  return `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeS}${isSecure ? '; Secure' : ''}`;
}
