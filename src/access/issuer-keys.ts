// Owns the public keys of the token issuer, from a URL or a file: read again now and then, and where a token names one not met before.
// Where they cannot be had, those that are known go on.
import { readFile } from 'node:fs/promises';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';

export interface IssuerKeysOptions {
  /** A URL of http or https, or the path of a file. */
  readonly source: string;
  /** They cannot be had; whoever asks for a key that is known does not hear of it. */
  readonly onFault: (error: unknown) => void;
  /** This process's clock, in ms since 1970. */
  readonly now: () => number;
  /** Between two readings, however many tokens name keys not met before; and between looks at a file. */
  readonly pauseMs?: number;
  /** How long the keys of a URL are good before they are asked for again. */
  readonly keepMs?: number;
}

const PAUSE_MS = 10_000;
const KEEP_MS = 300_000;
/** As long as there are no keys at all, every token waits for them. */
const FIRST_PAUSE_MS = 1_000;
const FETCH_WITHIN_MS = 3_000;
const MAX_JWKS_BYTES = 262_144;

export class IssuerKeys {
  readonly #read: () => Promise<string>;
  readonly #onFault: (error: unknown) => void;
  readonly #now: () => number;
  readonly #pauseMs: number;
  readonly #keepMs: number;
  #keys: JWTVerifyGetKey | null = null;
  #triedAt = Number.NEGATIVE_INFINITY;
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | null = null;

  constructor({ source, onFault, now, pauseMs = PAUSE_MS, keepMs = KEEP_MS }: IssuerKeysOptions) {
    const isUrl = /^https?:\/\//i.test(source);
    this.#read = () => (isUrl ? fetchText(source) : readFile(source, 'utf8'));
    this.#onFault = onFault;
    this.#now = now;
    this.#pauseMs = pauseMs;
    this.#keepMs = isUrl ? keepMs : pauseMs;
  }

  /**
   * The key that a token names, as jose asks for it.
   * @throws JWKSNoMatchingKey where there is none
   */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    if (this.#now() - this.#readAt >= this.#keepMs) await this.#refresh();
    try {
      return await this.#keyAmongKnown(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh();
      return this.#keyAmongKnown(header, token);
    }
  };

  #keyAmongKnown(...asked: Parameters<JWTVerifyGetKey>): ReturnType<JWTVerifyGetKey> {
    if (this.#keys === null) throw new errors.JWKSNoMatchingKey();
    return this.#keys(...asked);
  }

  /** Reads them, or waits for the reading that is under way; not so soon after the last one, whatever became of that. */
  #refresh(): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    const pauseMs = this.#keys === null ? Math.min(FIRST_PAUSE_MS, this.#pauseMs) : this.#pauseMs;
    if (this.#now() - this.#triedAt < pauseMs) return Promise.resolve();
    this.#triedAt = this.#now();
    this.#reading = this.#read()
      .then((text) => {
        this.#keys = createLocalJWKSet(JSON.parse(text) as JSONWebKeySet);
        this.#readAt = this.#now();
      })
      .catch(this.#onFault)
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }
}

/** No longer than keys are, and from nowhere else: whoever answers may not send us on. */
async function fetchText(url: string): Promise<string> {
  const signal = AbortSignal.timeout(FETCH_WITHIN_MS);
  const answer = await fetch(url, {
    signal,
    redirect: 'error',
    headers: { accept: 'application/jwk-set+json, application/json' },
  });
  if (answer.status !== 200) {
    await answer.body?.cancel();
    throw new Error(`the issuer's keys were answered with ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_JWKS_BYTES) throw new Error(`the issuer's keys are longer than ${MAX_JWKS_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
