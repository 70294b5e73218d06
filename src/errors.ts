// Owns the one catalogue of problems a caller can be told, with the status, title and retryability of each.
// A refusal is a value (Problem); only what nobody foresaw is thrown.

interface ProblemKind {
  readonly status: number;
  readonly title: string;
  /** Whether the same request, sent again unchanged, may succeed. Decided here and nowhere else. */
  readonly retryable: boolean;
  /** What the code means and what a person should do about it: the text of GET /problems/<code>. */
  readonly explanation: string;
}

export const PROBLEMS = {
  'malformed-json': {
    status: 400,
    title: 'The body is not JSON',
    retryable: false,
    explanation:
      'The request body could not be parsed as JSON (RFC 8259). Nothing was stored. Correct the body and send it again.',
  },
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    retryable: false,
    explanation:
      'A field, parameter or header is missing, unknown, of the wrong type or out of bounds; `errors` names each place. Nothing was stored. Correct it and send it again under the same id if you like.',
  },
  unauthenticated: {
    status: 401,
    title: 'Who you are is not known',
    retryable: false,
    explanation:
      'This route needs `Authorization: Bearer` with a key (`hf_…`) or a token of the configured issuer, and the one that came, if any, is not good: unknown, expired, revoked, or for somebody else. Nothing was done. Ask whoever runs the service for a key (`holdfast keys create`, POST /v1/keys).',
  },
  forbidden: {
    status: 403,
    title: 'You may not do that, or not from there',
    retryable: false,
    explanation:
      'The key or token is good but has not the scope that the route needs (`scope` names it); or the request came from where none may come from. The console takes its own page’s requests alone: with the header `X-Holdfast-Console: 1`, and, where a browser says from where they come, from the same origin. A page of another origin may not change anything, unless HOLDFAST_CORS_ORIGINS names it. Without any key configured, requests are taken only under the name of this machine and not from other web pages. Nothing was done.',
  },
  'unknown-transaction': {
    status: 404,
    title: 'No such transaction',
    retryable: false,
    explanation: 'No transaction with this id was ever tried or cancelled here.',
  },
  'unknown-sku': {
    status: 422,
    title: 'That SKU was never stocked there',
    retryable: false,
    explanation:
      'The SKU was never stocked in that warehouse. Receive stock for it first (POST /v1/stock/movements). As the answer to a read the status is 404; in a basket it is 422, and nothing was stored.',
  },
  'unknown-participant': {
    status: 422,
    title: 'No such participant',
    retryable: false,
    explanation:
      'A branch names a participant that is not registered. Nothing was stored. As the answer to a read the status is 404.',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing of that name',
    retryable: false,
    explanation:
      'No route has this path, or what its last part names is not there (a branch of a transaction). The API is described at /docs.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This path does not take that method',
    retryable: false,
    explanation: 'The path exists, but not for this method; the Allow header lists those it takes.',
  },
  'not-acceptable': {
    status: 406,
    title: 'No answer in an acceptable form',
    retryable: false,
    explanation: 'The Accept header rules out every form this route can answer in. API routes answer application/json.',
  },
  'body-too-large': {
    status: 413,
    title: 'The body is too large',
    retryable: false,
    explanation:
      'A body may have up to 1 MiB, /v1/batch up to 8 MiB, and one line of an import up to 64 KiB. Nothing was stored. Send less at a time.',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'The body is in a form this route does not take',
    retryable: false,
    explanation:
      'The Content-Type (or Content-Encoding, or charset) is not one that this route reads. Nothing was stored. JSON routes take application/json in UTF-8.',
  },
  'insufficient-stock': {
    status: 409,
    title: 'There is not enough stock',
    retryable: false,
    explanation:
      'Less is available than was asked for; `shortages` says what and where. The basket holds nothing. Under the same id the answer stays this one for ever; ask anew under a new id.',
  },
  'participant-refused': {
    status: 409,
    title: 'A participant refused',
    retryable: false,
    explanation:
      'A remote participant answered 409 to its Try, so the whole transaction was cancelled. The answer under this id stays this one.',
  },
  'invalid-transition': {
    status: 409,
    title: 'It cannot do that in its state',
    retryable: false,
    explanation:
      'The move asked for is not allowed from the state named in `state`: it was decided the other way, or is not there yet (then `retryable` is true). A participant cannot be removed while open transactions name it.',
  },
  'transaction-cancelled': {
    status: 409,
    title: 'The transaction was cancelled',
    retryable: false,
    explanation: 'This id was cancelled, before or after its Try. It holds nothing and never will. Try anew under a new id.',
  },
  'quantity-exceeded': {
    status: 409,
    title: 'More was named than there is',
    retryable: false,
    explanation:
      'A partial confirm or a refund names more than the transaction holds or has left, or a counter would grow past 2^53−1. Nothing was changed.',
  },
  'reservation-expired': {
    status: 410,
    title: 'The reservation has expired',
    retryable: false,
    explanation: 'The deadline (`expiresAt`) has passed by the database’s clock; the stock is released. Try anew under a new id.',
  },
  'version-mismatch': {
    status: 412,
    title: 'It has changed since you read it',
    retryable: false,
    explanation: 'If-Match names an ETag that is no longer the current one. Read again, decide again, send again.',
  },
  'idempotency-mismatch': {
    status: 422,
    title: 'This id was used for something else',
    retryable: false,
    explanation:
      'The same id (or Idempotency-Key) was sent earlier with other content. Nothing was changed. Use a new id for a new intent.',
  },
  'rate-limited': {
    status: 429,
    title: 'Too much, for now',
    retryable: true,
    explanation:
      'More requests came from this address or with this key than may in a second, or the key holds as much stock reserved as it may at a time. Nothing was done. Wait as Retry-After says and send the same again; of a holding limit, confirm or cancel something first.',
  },
  overloaded: {
    status: 503,
    title: 'Too busy to take this now',
    retryable: true,
    explanation:
      'The queue before the database is full, or the coordinator is shutting down. Nothing was done. Wait as Retry-After says and send the same again.',
  },
  'database-unavailable': {
    status: 503,
    title: 'The database does not answer',
    retryable: true,
    explanation:
      'PostgreSQL could not be reached in time. Whether the change was made is not known here, but the same id may be sent again: it takes effect once.',
  },
  'internal-error': {
    status: 500,
    title: 'Something went wrong here',
    retryable: true,
    explanation:
      'An unforeseen fault, logged under the traceId of the answer. The same id may be sent again: it takes effect at most once.',
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A refusal, as a value: what the caller is told. `members` are the extra fields that the contract names for its code. */
export interface Problem {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly members?: Readonly<Record<string, unknown>>;
  /** Overrides the catalogue where the contract gives one code two statuses (unknown-sku: 404 to a read, 422 in a basket). */
  readonly status?: number;
  /** Overrides the catalogue where the contract says so (a confirm while TRYING). */
  readonly retryable?: boolean;
}

/**
 * Makes a Problem.
 * @param code one of the catalogue
 * @param detail one sentence for a person about this very occurrence
 * @param members extra members of the problem document
 */
export function problem(code: ProblemCode, detail: string, members?: Readonly<Record<string, unknown>>): Problem {
  return members === undefined ? { code, detail } : { code, detail, members };
}

/** Thrown where a broken invariant (docs/design.md, I1–I12) shows itself: a bug here, never a caller's mistake. */
export class InvariantBroken extends Error {
  constructor(invariant: string, detail: string) {
    super(`${invariant} broken: ${detail}`);
    this.name = 'InvariantBroken';
  }
}
