// Owns the shape in which reading a request succeeds or is refused: a refusal is a value (see errors.ts), never thrown.
import { type Problem, problem } from '../errors.ts';

export type Refusal = { readonly ok: false; readonly problem: Problem };
export type Result<T> = { readonly ok: true; readonly value: T } | Refusal;

/** One place of a request that is not as it should be. */
export interface Fault {
  /** `items[0].quantity` in a body, `query limit`, `path id` or `header If-Match` elsewhere. */
  readonly path: string;
  readonly message: string;
}

/** I12: a hostile body may have a fault in every byte; the answer names the first ones. */
export const MAX_FAULTS_NAMED = 50;

export function accepted<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refused(refusal: Problem): Refusal {
  return { ok: false, problem: refusal };
}

/** Refuses a request for the faults found in it (at least one). */
export function invalid(faults: readonly Fault[]): Refusal {
  const [first] = faults;
  const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  const detail =
    first === undefined ? 'The request is not valid.' : `${first.path === '' ? 'The body' : first.path}: ${first.message}${more}`;
  return refused(problem('invalid-request', detail, { errors: faults.slice(0, MAX_FAULTS_NAMED) }));
}

/** Refuses a request for one fault. */
export function invalidAt(path: string, message: string): Refusal {
  return invalid([{ path, message }]);
}
