// Owns the form of an API key, `hf_<id>_<secret>`: how one is made, read and hashed. Pure but for the random bytes.
import { hash, randomBytes } from 'node:crypto';

/** The id is a UUID, so that a key in hand can be found in a list; the secret is 256 random bits in hexadecimal. */
const FORM = /^hf_([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})_([0-9a-f]{64})$/;
const SECRET_BYTES = 32;

/** The latest end of one, in ms since 1970: later moments cannot be told in RFC 3339, which has years of four digits. */
export const LATEST_END = Date.parse('9999-12-31T23:59:59.999Z');

export interface PresentedKey {
  readonly id: string;
  /** SHA-256 of the secret, in hexadecimal. */
  readonly hash: string;
}

export interface NewKey extends PresentedKey {
  /** The whole key: shown once, kept nowhere. */
  readonly text: string;
}

/** @param id a UUID in lower case */
export function makeKey(id: string): NewKey {
  const secret = randomBytes(SECRET_BYTES).toString('hex');
  return { id, hash: hashOf(secret), text: `hf_${id}_${secret}` };
}

/** @returns null where the text is no key, whatever the keys are that exist */
export function readKey(text: string): PresentedKey | null {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, hash: hashOf(secret) };
}

/** A secret of 256 random bits needs no slow hash: there is no dictionary to try. */
function hashOf(secret: string): string {
  return hash('sha256', secret);
}
