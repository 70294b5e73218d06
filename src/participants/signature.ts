// Owns the signatures of calls, by Standard Webhooks: HMAC-SHA256 over the message's id, the time and the body, one for each secret
// that lives, so that the participant may know either.
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const PREFIX = 'whsec_';

/** Of one participant. Its keys are made once, and again where its secrets have changed. */
export class Signer {
  #secrets: readonly string[] = [];
  #keys: readonly KeyObject[] = [];

  /**
   * @param secrets the newest first
   * @param id the same for every attempt at this message
   * @param atMs of this attempt, since 1970
   * @returns names and values by turns; none where there is no secret
   */
  headersFor(secrets: readonly string[], id: string, atMs: number, body: string): string[] {
    if (secrets.length === 0) return [];
    const timestamp = String(Math.floor(atMs / 1000));
    const signatures = this.#keysOf(secrets).map((key) => signatureOf(key, id, timestamp, body));
    return ['webhook-id', id, 'webhook-timestamp', timestamp, 'webhook-signature', signatures.join(' ')];
  }

  #keysOf(secrets: readonly string[]): readonly KeyObject[] {
    const isKnown = secrets.length === this.#secrets.length && secrets.every((secret, index) => secret === this.#secrets[index]);
    if (!isKnown) {
      this.#secrets = secrets;
      this.#keys = secrets.map((secret) => createSecretKey(secret.slice(PREFIX.length), 'base64'));
    }
    return this.#keys;
  }
}

function signatureOf(key: KeyObject, id: string, timestamp: string, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
