// Owns what no answer may be, whatever was asked: a fault of the service's own, a piece of its inside, headers that nobody set there,
// or a refusal that is not one of the contract's.
import { isUtf8 } from 'node:buffer';
import { fileURLToPath } from 'node:url';
import { PROBLEMS } from '../src/errors.ts';
import { SOUND } from './framing.ts';
import type { FuzzRequest } from './requests.ts';
import { headerOf, type WireAnswer } from './wire.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Stack traces, files of this machine, PostgreSQL's own words, statements, what keys are recognised by. */
const INSIDE = [
  ...[/\n\s+at \S/, /node:internal/, /node_modules/, /\.ts:\d+/, /\/holdfast-test-/, /\[native code\]/],
  ...[
    /syntax error at or near/,
    /duplicate key value/,
    /invalid input syntax/,
    /SQLSTATE/,
    /relation "/,
    /violates [a-z-]+ constraint/,
  ],
  ...[/holdfast\.(?:stock|transaction|reservation|branch|movement|event|api_key|audit_)/, /Maximum call stack/],
];

/** Every header that an answer may have. What a caller sent must never become one more. */
const HEADERS = new Set([
  ...[
    'content-type',
    'content-length',
    'date',
    'connection',
    'keep-alive',
    'transfer-encoding',
    'cache-control',
    'vary',
    'allow',
  ],
  ...[
    'etag',
    'location',
    'retry-after',
    'idempotent-replayed',
    'preference-applied',
    'x-request-id',
    'www-authenticate',
    'set-cookie',
  ],
  ...['content-security-policy', 'cross-origin-opener-policy', 'cross-origin-resource-policy', 'origin-agent-cluster'],
  ...['referrer-policy', 'x-content-type-options', 'x-dns-prefetch-control', 'x-frame-options', 'x-accel-buffering'],
]);

/** What comes with a status (RFC 9110, RFC 6750, the contract, section 5). */
const BESIDES: Readonly<Record<number, string>> = { 401: 'www-authenticate', 405: 'allow', 429: 'retry-after' };

/** @returns what is wrong with it; null where nothing is */
export function faultOf(request: FuzzRequest, answer: WireAnswer | null): string | null {
  // Whoever hangs up half-way may get nothing; and where what cannot be read goes on, the end may come before the answer is read.
  if (answer === null)
    return request.cutAt === null && SOUND.has(request.framing) ? 'the connection ended without an answer' : null;
  const { status, body, fault } = answer;
  // A request that cannot be read may be refused before it is known that it asked for a head alone.
  if (fault !== null && SOUND.has(request.framing)) return fault;
  if (fault !== null) return status >= 400 && status < 500 ? null : fault;
  if (status >= 500) return `answered ${status}: ${body.toString('utf8', 0, 500)}`;
  return faultOfHeaders(answer) ?? faultOfBody(request, answer);
}

function faultOfHeaders(answer: WireAnswer): string | null {
  const names = answer.headers.map(([name]) => name);
  const stranger = names.find((name) => !HEADERS.has(name));
  if (stranger !== undefined) return `a header that nobody thought of: ${stranger}`;
  if (new Set(names).size < names.length) return `a header twice: ${names.join()}`;
  if (headerOf(answer, 'x-content-type-options') !== 'nosniff') return 'the type of the answer may be guessed';
  const besides = BESIDES[answer.status];
  return besides === undefined || names.includes(besides) ? null : `${answer.status} without ${besides}`;
}

function faultOfBody({ method }: FuzzRequest, answer: WireAnswer): string | null {
  const { status, body } = answer;
  if (!isUtf8(body)) return 'the answer is not UTF-8';
  const text = body.toString();
  const contentType = headerOf(answer, 'content-type') ?? '';
  const isPage = contentType.startsWith('text/html');
  if (text.includes(ROOT)) return 'the answer names a folder of this machine';
  // Pages for people, and what they are made of, may say of anything; they are the same for everybody.
  const isSame = isPage || /javascript|css/.test(contentType);
  const inside = isSame ? undefined : INSIDE.find((pattern) => pattern.test(text));
  if (inside !== undefined) return `the answer shows the inside: ${String(inside)}`;
  // The page that asks for a key, and says what was wrong with one.
  if (status < 400 || method === 'HEAD' || (isPage && (status === 401 || status === 403))) return null;
  return faultOfProblem(status, contentType, text);
}

function faultOfProblem(status: number, contentType: string, text: string): string | null {
  if (!contentType.startsWith('application/problem+json')) return `a refusal as ${contentType || 'nothing'}`;
  try {
    const problem = JSON.parse(text) as Record<string, unknown>;
    if (problem.status !== status) return `the status in the body is ${String(problem.status)}`;
    if (typeof problem.code !== 'string' || !Object.hasOwn(PROBLEMS, problem.code))
      return `an unknown code: ${String(problem.code)}`;
    if (problem.type !== `/problems/${problem.code}`) return `a type that is not its code's: ${String(problem.type)}`;
    if (typeof problem.title !== 'string' || typeof problem.detail !== 'string' || problem.detail === '')
      return 'a refusal without words';
    if (!JSON.stringify(problem).isWellFormed()) return 'a refusal with half a surrogate pair';
    return /^[0-9a-f]{32}$/.test(String(problem.traceId)) ? null : 'a refusal without a traceId';
  } catch {
    return 'a refusal that is no JSON';
  }
}
