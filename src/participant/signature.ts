// Owns the check of who sends a call: its signature by Standard Webhooks, over the bytes that came, and not too old or too new.
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** Standard Webhooks lets a clock be wrong, or a message be late, by so much. */
export const DEFAULT_TOLERANCE_MS = 300_000;
const PREFIX = 'whsec_';
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const MAX_SECRETS = 2;
const VERSION = 'v1,';

export interface SignatureHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/** It does not come from the coordinator, or not now. The message can be shown to whoever sent it. */
export class NotSigned extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotSigned';
  }
}

/** @throws NotSigned */
export type Verify = (headers: SignatureHeaders, body: Uint8Array) => void;

/**
 * @param secrets one, or two while one takes the other's place; a signature by either is good
 * @param toleranceMs how far the time of a call may be from `now`, either way
 * @throws TypeError where these are no secrets; it shows none
 */
export function verifierOf(secrets: readonly string[], toleranceMs: number, now: () => number = Date.now): Verify {
  if (!Array.isArray(secrets) || secrets.length < 1 || secrets.length > MAX_SECRETS) {
    throw new TypeError('secrets must be a list of one secret, or of two while one takes the place of the other');
  }
  const keys = secrets.map(keyOf);
  return ({ id = '', timestamp = '', signature = '' }, body) => {
    if (id === '' || !/^\d{1,12}$/.test(timestamp) || signature === '') {
      throw new NotSigned('The call is not signed: webhook-id, webhook-timestamp and webhook-signature are needed.');
    }
    const given = signature.split(' ').filter((one) => one.startsWith(VERSION));
    const expected = keys.map((key) => signatureOf(key, id, timestamp, body));
    if (!expected.some((right) => given.some((one) => isSame(one, right)))) {
      throw new NotSigned('The signature does not fit: the secrets differ, or the call was changed on its way.');
    }
    // Only who knows the secret is told what time it is here.
    const aheadS = Number(timestamp) - Math.floor(now() / 1000);
    if (Math.abs(aheadS) * 1000 > toleranceMs) {
      const when = aheadS < 0 ? `${-aheadS} s ago` : `${aheadS} s ahead`;
      throw new NotSigned(`The signature was made ${when} by the clock here: the call was sent again, or a clock is wrong.`);
    }
  };
}

function keyOf(secret: unknown): KeyObject {
  const base64 = typeof secret === 'string' && secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : '';
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES || bytes.toString('base64') !== base64) {
    throw new TypeError(`a secret must be whsec_ and the base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`);
  }
  return createSecretKey(bytes);
}

function signatureOf(key: KeyObject, id: string, timestamp: string, body: Uint8Array): string {
  return VERSION + createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
}

/** In a time that tells nothing of where they differ. */
function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
