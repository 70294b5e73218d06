// Owns the keys that may be used, in memory: who a key stands for is told without a look at PostgreSQL. Every process looks there for
// changes once a second, and at once after its own; so a key that was revoked elsewhere is good for a second more at most, and as long
// as PostgreSQL is away the keys stay as they were.
import { timingSafeEqual } from 'node:crypto';
import { Rounds } from '../coordinator/rounds.ts';
import { readKey } from './key.ts';
import type { Principal } from './principal.ts';
import type { KeyStore, UsableKey } from './store.ts';

export interface KeyringOptions {
  readonly store: Pick<KeyStore, 'usable'>;
  readonly onFault: (error: unknown) => void;
  /** This process's clock, in ms since 1970. */
  readonly now?: () => number;
  readonly intervalMs?: number;
}

const INTERVAL_MS = 1_000;
/** Compared with where the id is not known, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = Buffer.alloc(32);

interface Held {
  readonly principal: Principal;
  readonly hash: Buffer;
  /** By this process's clock. */
  readonly until: number;
}

export class Keyring {
  readonly #store: Pick<KeyStore, 'usable'>;
  readonly #now: () => number;
  readonly #rounds: Rounds;
  #held: ReadonlyMap<string, Held> = new Map();
  #everMade = false;
  /** Looks are counted, as they begin: of two at a time, the one that began first may come back last, with what was before. */
  #begun = 0;
  #taken = 0;

  constructor({ store, onFault, now = Date.now, intervalMs = INTERVAL_MS }: KeyringOptions) {
    this.#store = store;
    this.#now = now;
    this.#rounds = new Rounds({ round: () => this.refresh(), intervalMs, onFault });
  }

  /** Whether there ever was a key. */
  get everMade(): boolean {
    return this.#everMade;
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /**
   * Takes in what PostgreSQL has.
   * @throws DatabaseUnavailable
   */
  async refresh(): Promise<void> {
    this.#begun += 1;
    const look = this.#begun;
    // From before the look: a slow one may end a key a little early, never late.
    const askedAt = this.#now();
    const { now, everMade, keys } = await this.#store.usable();
    this.#everMade ||= everMade;
    if (look < this.#taken) return;
    this.#taken = look;
    this.#held = new Map(keys.map((key) => [key.id, heldOf(key, askedAt - now)]));
  }

  /**
   * Who a key stands for. A wrong secret, an unknown id and a key that is no longer good take the same time and tell the same: nothing.
   * @returns null where it is not good
   */
  principalOf(text: string): Principal | null {
    const presented = readKey(text);
    if (presented === null) return null;
    const held = this.#held.get(presented.id);
    const isSame = timingSafeEqual(Buffer.from(presented.hash, 'hex'), held?.hash ?? NO_HASH);
    return isSame && held !== undefined && this.#now() < held.until ? held.principal : null;
  }

  /** Whether a key is good still. */
  has(id: string): boolean {
    const held = this.#held.get(id);
    return held !== undefined && this.#now() < held.until;
  }
}

function heldOf({ id, lineage, name, scopes, expiresAt, hash }: UsableKey, ahead: number): Held {
  return {
    principal: { kind: 'key', id, name, lineage, scopes: new Set(scopes) },
    hash: Buffer.from(hash, 'hex'),
    until: expiresAt === null ? Number.POSITIVE_INFINITY : expiresAt + ahead,
  };
}
