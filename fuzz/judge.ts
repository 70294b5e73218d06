// Owns what no answer may be, whatever was asked: a fault of the service's own, a piece of its inside, or something that its document
// does not know.
import { fileURLToPath } from 'node:url';
import { PROBLEMS } from '../src/errors.ts';
import type { FuzzRequest } from './requests.ts';
import type { WireAnswer } from './wire.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Stack traces, files of this machine, PostgreSQL's own words, statements. */
const INSIDE = [
  /\n\s+at \S/,
  /node:internal/,
  /node_modules/,
  /\.ts:\d+/,
  /syntax error at or near/,
  /duplicate key value/,
  /invalid input syntax/,
  /SQLSTATE/,
  /relation "/,
];

/** @returns what is wrong with it; null where nothing is */
export function faultOf({ method }: FuzzRequest, { status, contentType, body }: WireAnswer): string | null {
  if (status === 0) return body;
  if (status >= 500) return `answered ${status}: ${body.slice(0, 500)}`;
  if (body.includes(ROOT)) return 'the answer names a folder of this machine';
  const inside = INSIDE.find((pattern) => pattern.test(body));
  // Pages for people, and the document itself, may say of anything; they are the same for everybody.
  if (inside !== undefined && !contentType.startsWith('text/html')) return `the answer shows the inside: ${String(inside)}`;
  return status >= 400 && method !== 'HEAD' ? faultOfProblem(status, contentType, body) : null;
}

function faultOfProblem(status: number, contentType: string, body: string): string | null {
  // The page that asks for a key.
  if (status === 401 && contentType.startsWith('text/html')) return null;
  if (!contentType.startsWith('application/problem+json')) return `a refusal as ${contentType || 'nothing'}`;
  try {
    const problem = JSON.parse(body) as Record<string, unknown>;
    if (problem.status !== status) return `the status in the body is ${String(problem.status)}`;
    if (typeof problem.code !== 'string' || !Object.hasOwn(PROBLEMS, problem.code))
      return `an unknown code: ${String(problem.code)}`;
    return /^[0-9a-f]{32}$/.test(String(problem.traceId)) ? null : 'a refusal without a traceId';
  } catch {
    return 'a refusal that is no JSON';
  }
}
