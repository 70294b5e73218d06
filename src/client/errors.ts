// Owns what is thrown: the coordinator's problems as errors told apart by `code`, and what it means to get no answer at all.
import type { ProblemCode } from '../errors.ts';
import type { TransactionState } from './answers.ts';

/** A newer coordinator may know more: have a default branch. */
export type HoldfastCode = ProblemCode | 'unauthenticated' | 'forbidden' | 'rate-limited';

export interface Shortage {
  readonly sku: string;
  readonly warehouse: string;
  readonly requested: number;
  readonly available: number;
}

/** One place of a request that was not valid. */
export interface RequestFault {
  readonly path: string;
  readonly message: string;
}

interface FieldsByCode {
  readonly 'insufficient-stock': { readonly shortages: readonly Shortage[] };
  /** Who refused, and what it said. */
  readonly 'participant-refused': { readonly participant: string | null; readonly reason: string | null };
  /** Null where it is about something else than a transaction. */
  readonly 'invalid-transition': { readonly state: TransactionState | null };
  readonly 'invalid-request': { readonly errors: readonly RequestFault[] };
}

/** A problem document (RFC 9457) as it came. */
export interface ProblemDocument {
  readonly code: string;
  readonly detail: string;
  readonly [member: string]: unknown;
}

export interface ProblemCircumstances {
  readonly status: number;
  /** Of what the request named: a transaction, a movement, a refund; of a batch, all of them. */
  readonly ids: readonly string[];
  /** `nothing-done`: the coordinator refused, and no attempt before it was lost. `unknown`: it may have taken effect. */
  readonly outcome: 'nothing-done' | 'unknown';
}

const STANDARD_MEMBERS = ['type', 'title', 'status', 'detail', 'code', 'retryable', 'traceId'];

class ProblemError extends Error {
  override readonly name: string = 'HoldfastError';
  readonly code: HoldfastCode;
  readonly status: number;
  /** Whether the same request, sent again unchanged, may succeed. */
  readonly retryable: boolean;
  /** One sentence for a person about this very occurrence. */
  readonly detail: string;
  readonly traceId: string | null;
  /** Every further member of the problem document, as it came. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly ids: readonly string[];
  /** Whether the request may have taken effect all the same. */
  readonly outcome: ProblemCircumstances['outcome'];

  constructor(problem: ProblemDocument, { status, ids, outcome }: ProblemCircumstances) {
    super(`${problem.detail} [${problem.code}]`);
    this.code = problem.code as HoldfastCode;
    this.status = status;
    this.retryable = problem.retryable === true;
    this.detail = problem.detail;
    this.traceId = typeof problem.traceId === 'string' ? problem.traceId : null;
    this.members = Object.fromEntries(Object.entries(problem).filter(([name]) => !STANDARD_MEMBERS.includes(name)));
    this.ids = ids;
    this.outcome = outcome;
    Object.assign(this, fieldsOf(problem));
  }

  /** The id that the request named, and that may be sent again; null where it named none, or several. */
  get id(): string | null {
    return onlyOne(this.ids);
  }
}

/** Fills in what a document leaves out, so that the types hold whatever came. */
function fieldsOf({ code, shortages, participant, reason, state, errors }: ProblemDocument): object {
  if (code === 'insufficient-stock') return { shortages: Array.isArray(shortages) ? shortages : [] };
  if (code === 'participant-refused') return { participant: textOrNull(participant), reason: textOrNull(reason) };
  if (code === 'invalid-transition') return { state: typeof state === 'string' ? state : null };
  if (code === 'invalid-request') return { errors: Array.isArray(errors) ? errors : [] };
  return {};
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

type ErrorOf<Code extends HoldfastCode> = ProblemError & { readonly code: Code } & (Code extends keyof FieldsByCode
    ? FieldsByCode[Code]
    : unknown);

/** A problem that the coordinator answered with: `if (error.code === 'insufficient-stock')`, then `error.shortages` is there. */
export type HoldfastError = { [Code in HoldfastCode]: ErrorOf<Code> }[HoldfastCode];

interface HoldfastErrorConstructor {
  new (problem: ProblemDocument, circumstances: ProblemCircumstances): HoldfastError;
  readonly prototype: HoldfastError;
}

// A class cannot be a union, but what `new` makes may be: the cast is what lets `instanceof` narrow to the union.
export const HoldfastError = ProblemError as unknown as HoldfastErrorConstructor;

/**
 * `connection`: it broke, or never stood. `timeout`: time ran out. `unexpected-answer`: what answered is no coordinator, or
 * something between spoke for it.
 */
export type Failure = 'connection' | 'timeout' | 'unexpected-answer';

/** No answer of the coordinator's, after every attempt that was allowed. What was asked for may have taken effect: see `outcome`. */
export class HoldfastUnavailable extends Error {
  override readonly name: string = 'HoldfastUnavailable';
  readonly failure: Failure;
  readonly attempts: number;
  readonly ids: readonly string[];
  /** `nothing-done`: no attempt was sent, because there was no key in time. `unknown`: it may have taken effect. */
  readonly outcome: ProblemCircumstances['outcome'];

  constructor(message: string, facts: Pick<HoldfastUnavailable, 'failure' | 'attempts' | 'ids' | 'outcome'>, cause: unknown) {
    super(message, { cause });
    this.outcome = facts.outcome;
    this.failure = facts.failure;
    this.attempts = facts.attempts;
    this.ids = facts.ids;
  }

  /** The id that the request named, and that may be sent again; null where it named none, or several. */
  get id(): string | null {
    return onlyOne(this.ids);
  }
}

/** A confirm was sent and nobody knows what became of it. Ask again: get(id), or confirm(id), which may be repeated. */
export class HoldfastOutcomeUnknown extends Error {
  override readonly name: string = 'HoldfastOutcomeUnknown';
  readonly id: string;

  constructor(id: string, cause: unknown) {
    super(`Transaction ${id}: its confirm was sent, and the outcome is unknown.`, { cause });
    this.id = id;
  }
}

/** The transaction of this id was decided before; what was to be done while it is held was not done again. */
export class HoldfastAlreadyDecided extends Error {
  override readonly name: string = 'HoldfastAlreadyDecided';
  readonly id: string;
  readonly state: TransactionState;

  constructor(id: string, state: TransactionState) {
    super(`Transaction ${id} is ${state} already.`);
    this.id = id;
    this.state = state;
  }
}

function onlyOne(ids: readonly string[]): string | null {
  return ids.length === 1 ? (ids[0] ?? null) : null;
}
