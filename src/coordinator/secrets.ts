// Owns the secrets that calls to participants are signed with, as far as the core knows them: how one is made, and how it is told
// whether one is stored without reading it.
import { hash, randomBytes } from 'node:crypto';

/** As many as the digest that it is the key of. */
const SECRET_BYTES = 32;

/** In the form of Standard Webhooks. */
export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** Of 24 random bytes or more: nobody finds those by it. load_rows makes it of what is stored. */
export function digestOfSecret(secret: string): string {
  return hash('sha256', secret);
}
