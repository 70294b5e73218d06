// Owns who a JWT stands for: its signature, issuer, audience, time and algorithm are checked by jose; what was found good is remembered
// for a minute at most, so that a busy caller's token is not checked anew with each request.
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { idFromKey } from '../coordinator/content.ts';
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
}

const REMEMBERED_MS = 60_000;
/** I12. Where there are more callers than that, the oldest is checked anew. */
const MOST_REMEMBERED = 10_000;
const MAX_TOKEN_CHARACTERS = 8_192;
const MAX_SUBJECT_CHARACTERS = 200;
/** Between two clocks. */
const TOLERANCE_S = 30;
const FETCH_WITHIN_MS = 3_000;
const MAX_JWKS_BYTES = 262_144;
/** How long keys are good before they are asked for again; sooner where a token names one that is not among them. */
const KEYS_FOR_MS = 300_000;
const COOLDOWN_MS = 10_000;

interface Remembered {
  readonly principal: Principal;
  readonly until: number;
}

export class Tokens {
  readonly #options: TokenOptions;
  readonly #keys: JWTVerifyGetKey;
  readonly #now: () => number;
  /** By the token's hash: the tokens themselves are not kept. */
  readonly #known = new Map<string, Remembered>();

  constructor(options: TokenOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#keys = /^https?:\/\//i.test(options.jwks)
      ? remoteKeys(options.jwks)
      : fileKeys(options.jwks, this.#now, options.onFault);
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
      const { payload } = await jwtVerify(token, this.#keys, {
        ...{ issuer, audience, algorithms: [...algorithms], clockTolerance: TOLERANCE_S, currentDate: new Date(this.#now()) },
        requiredClaims: ['exp', 'sub'],
      });
      return this.#remember(token, payload);
    } catch (error) {
      if (!isTheTokensFault(error)) onFault(error);
      return null;
    }
  }

  #remember(token: string, payload: JWTPayload): Principal | null {
    const principal = principalIn(payload);
    if (principal === null) return null;
    const endsAt = ((payload.exp ?? 0) + TOLERANCE_S) * 1000;
    const oldest = this.#known.keys().next();
    if (this.#known.size >= MOST_REMEMBERED && !oldest.done) this.#known.delete(oldest.value);
    this.#known.set(hash('sha256', token), { principal, until: Math.min(endsAt, this.#now() + REMEMBERED_MS) });
    return principal;
  }
}

/** The token, and not our way to the issuer's keys, is to blame. */
function isTheTokensFault(error: unknown): boolean {
  if (error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) return false;
  return error instanceof errors.JOSEError && error.code !== 'ERR_JOSE_GENERIC';
}

/** Scopes as RFC 8693 has them (`scope`, one text), or as a list. Those that are not ours say nothing here. */
function principalIn({ iss = '', sub = '', scope, scp }: JWTPayload): Principal | null {
  if (sub === '' || sub.length > MAX_SUBJECT_CHARACTERS || isUnprintable(sub)) return null;
  const given = scope ?? scp;
  const named = typeof given === 'string' ? given.split(' ') : Array.isArray(given) ? given : [];
  const scopes = new Set(SCOPES.filter((each): each is Scope => named.includes(each)));
  return { kind: 'token', id: sub, name: sub, lineage: idFromKey(JSON.stringify([iss, sub])), scopes };
}

function isUnprintable(text: string): boolean {
  return /[\p{C}\p{Zl}\p{Zp}]/u.test(text);
}

function remoteKeys(url: string): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(url), {
    timeoutDuration: FETCH_WITHIN_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: KEYS_FOR_MS,
    // jose takes an answer of any length, and follows wherever it is sent.
    [customFetch]: (target, options) => boundedFetch(target, options),
  });
}

async function boundedFetch(target: string, options: Parameters<typeof fetch>[1]): Promise<Response> {
  const answer = await fetch(target, { ...options, redirect: 'error' });
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_JWKS_BYTES) throw new Error(`the issuer's keys are longer than ${MAX_JWKS_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new Response(Buffer.concat(chunks), { status: answer.status, headers: answer.headers });
}

/** Read again now and then, so that a new file needs no restart; where it cannot be read, the keys stay as they were. */
function fileKeys(path: string, now: () => number, onFault: (error: unknown) => void): JWTVerifyGetKey {
  let readAt = Number.NEGATIVE_INFINITY;
  let keys: JWTVerifyGetKey | null = null;
  return async (header, token) => {
    if (now() - readAt >= COOLDOWN_MS) {
      readAt = now();
      keys = await readKeys(path).catch((error: unknown) => {
        if (keys === null) throw error;
        onFault(error);
        return keys;
      });
    }
    if (keys === null) throw new Error(`${path} could not be read`);
    return keys(header, token);
  };
}

async function readKeys(path: string): Promise<JWTVerifyGetKey> {
  return createLocalJWKSet(JSON.parse(await readFile(path, 'utf8')) as JSONWebKeySet);
}
