// Owns who a JWT stands for: its signature, issuer, audience, time and algorithm are checked by jose; what was found good is remembered
// for a minute at most, so that a busy caller's token is not checked anew with each request.
import { hash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { idFromKey } from '../coordinator/content.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { type Principal, SCOPES, type Scope } from './principal.ts';

export interface TokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly string[];
  /** The keys of the issuer (RFC 7517): a URL of http or https, or the path of a file. */
  readonly jwks: string;
  readonly onFault: (error: unknown) => void;
  /** This process's clock, in ms since 1970. */
  readonly now?: () => number;
  /** Between two readings of the issuer's keys. */
  readonly pauseMs?: number;
  /** How long those of a URL are good before they are asked for again. */
  readonly keepMs?: number;
}

const REMEMBERED_MS = 60_000;
/** I12. Where there are more callers than that, the oldest is checked anew. */
const MOST_REMEMBERED = 10_000;
const MAX_TOKEN_CHARACTERS = 8_192;
const MAX_SUBJECT_CHARACTERS = 200;
/** Between two clocks. */
const TOLERANCE_S = 30;

interface Remembered {
  readonly principal: Principal;
  readonly until: number;
}

export class Tokens {
  readonly #options: TokenOptions;
  readonly #keys: IssuerKeys;
  readonly #now: () => number;
  /** By the token's hash: the tokens themselves are not kept. */
  readonly #known = new Map<string, Remembered>();
  /** When the token ends that somebody came with, in ms. */
  readonly #ends = new WeakMap<Principal, number>();

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    const { jwks: source, onFault, pauseMs, keepMs } = options;
    const pauses = { ...(pauseMs === undefined ? {} : { pauseMs }), ...(keepMs === undefined ? {} : { keepMs }) };
    this.#keys = new IssuerKeys({ source, onFault, now: this.#now, ...pauses });
  }

  /** @returns who it stands for where that is remembered: then nothing is waited for */
  remembered(token: string): Principal | null {
    const known = this.#known.get(hash('sha256', token));
    return known !== undefined && this.#now() < known.until ? known.principal : null;
  }

  /** @returns null where it is not good, for whatever reason */
  async principalOf(token: string): Promise<Principal | null> {
    if (token.length > MAX_TOKEN_CHARACTERS) return null;
    const { issuer, audience, algorithms, onFault } = this.#options;
    try {
      const { payload } = await jwtVerify(token, this.#keys.keyFor, {
        ...{ issuer, audience, algorithms: [...algorithms], clockTolerance: TOLERANCE_S, currentDate: new Date(this.#now()) },
        requiredClaims: ['exp', 'sub'],
      });
      return this.#remember(token, payload);
    } catch (error) {
      if (!isTheTokensFault(error)) onFault(error);
      return null;
    }
  }

  /** Whether the token that somebody came with is good still. */
  isStillGood(principal: Principal): boolean {
    return this.#now() < (this.#ends.get(principal) ?? 0);
  }

  #remember(token: string, payload: JWTPayload): Principal | null {
    const principal = principalIn(payload);
    if (principal === null) return null;
    const endsAt = ((payload.exp ?? 0) + TOLERANCE_S) * 1000;
    this.#ends.set(principal, endsAt);
    const oldest = this.#known.keys().next();
    if (this.#known.size >= MOST_REMEMBERED && !oldest.done) this.#known.delete(oldest.value);
    this.#known.set(hash('sha256', token), { principal, until: Math.min(endsAt, this.#now() + REMEMBERED_MS) });
    return principal;
  }
}

/** The token, and not what the issuer's keys are, is to blame. */
function isTheTokensFault(error: unknown): boolean {
  return error instanceof errors.JOSEError && !(error instanceof errors.JWKSInvalid);
}

/** Scopes as RFC 8693 has them (`scope`, one text), or as a list. Those that are not ours say nothing here. */
function principalIn({ iss = '', sub = '', scope, scp }: JWTPayload): Principal | null {
  // Signed, but not by a form that anybody checked: a number is no subject.
  if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT_CHARACTERS || isUnprintable(sub)) return null;
  const given = scope ?? scp;
  const named = typeof given === 'string' ? given.split(' ') : Array.isArray(given) ? given : [];
  const scopes = new Set(SCOPES.filter((each): each is Scope => named.includes(each)));
  return { kind: 'token', id: sub, name: sub, lineage: idFromKey(JSON.stringify([iss, sub])), scopes };
}

function isUnprintable(text: string): boolean {
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(text);
}
