// Owns telling answers from what only looks like one: whether a body has what makes it the answer to its call.
import type { ProblemDocument } from './errors.ts';

/** Whether the body, undefined where there is none, is one. */
export type Fits = (body: unknown) => boolean;

type Members = Readonly<Record<string, 'string' | 'number' | 'array'>>;

const has =
  (members: Members): Fits =>
  (body) =>
    isObject(body) &&
    Object.entries(members).every(([name, type]) => (Array.isArray(body[name]) ? 'array' : typeof body[name]) === type);

export const isTransaction = has({ id: 'string', state: 'string' });
export const isStock = has({ sku: 'string' });
export const isMovement = has({ id: 'string' });
export const isImportReport = has({ accepted: 'number', errors: 'array' });
export const isParticipant = has({ name: 'string' });
export const isPage = has({ items: 'array' });
export const isProblem = has({ code: 'string', detail: 'string' }) as (body: unknown) => body is ProblemDocument;
/** No body is needed. */
export const isAnything: Fits = () => true;

const isBatch = has({ results: 'array' });
const isResult = has({ status: 'number' });

/** Of a batch of so many operations. */
export function areResults(count: number): Fits {
  return (body) => {
    if (!isBatch(body)) return false;
    const { results } = body as { readonly results: readonly { readonly status: number; readonly body: unknown }[] };
    const fit = results.every((result) => isResult(result) && (result.status < 400 ? isTransaction : isProblem)(result.body));
    return fit && results.length === count;
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
