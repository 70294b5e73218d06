// Owns API keys in PostgreSQL: each change is one function of sql/functions, which writes the act down in the same commit.
import type { Scope } from '../access/principal.ts';
import type { KeyRefusal, KeyRequest, KeyStore, StoredKey, UsableKeys } from '../access/store.ts';
import type { Act } from '../coordinator/act.ts';
import { actsParameter } from './acts.ts';
import { textArray } from './arrays.ts';
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const USABLE = statement('queries/usable_keys.sql');
const LIST = statement('queries/keys.sql');
const CREATE = statement('calls/create_key.sql');
const ROTATE = statement('calls/rotate_key.sql');
const REVOKE = statement('calls/revoke_key.sql');

/** Every process holds all that are usable (I12). */
export const MOST_USABLE_KEYS = 10_000;

export class PostgresKeys implements KeyStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async usable(): Promise<UsableKeys> {
    return JSON.parse(textOf(await this.#pool.read('usable_keys', USABLE, []))) as UsableKeys;
  }

  create(request: KeyRequest, act: Act): Promise<StoredKey | KeyRefusal> {
    return this.#make(request, false, act);
  }

  adopt(request: KeyRequest, act: Act): Promise<StoredKey | KeyRefusal> {
    return this.#make(request, true, act);
  }

  rotate(id: string, replacement: { readonly id: string; readonly hash: string }, overlapMs: number, act: Act) {
    const values = [id, replacement.id, replacement.hash, overlapMs, MOST_USABLE_KEYS, actsParameter([act])];
    return this.#changed('rotate_key', ROTATE, values);
  }

  revoke(id: string, act: Act): Promise<StoredKey | KeyRefusal> {
    return this.#changed('revoke_key', REVOKE, [id, actsParameter([act])]);
  }

  async list(limit: number, after: Pick<StoredKey, 'id' | 'createdAt'> | null): Promise<readonly StoredKey[]> {
    const rows = await this.#pool.read('keys', LIST, [limit, after?.createdAt ?? null, after?.id ?? null]);
    return rows.map((row) => keyOfText(row[0] ?? ''));
  }

  #make({ id, name, scopes, expiresAt, hash }: KeyRequest, adopts: boolean, act: Act): Promise<StoredKey | KeyRefusal> {
    const values = [id, name, textArray(scopes), expiresAt, hash, MOST_USABLE_KEYS, adopts, actsParameter([act])];
    return this.#changed('create_key', CREATE, values);
  }

  async #changed(name: string, text: string, values: readonly unknown[]): Promise<StoredKey | KeyRefusal> {
    const answer = JSON.parse(textOf(await this.#pool.read(name, text, values))) as { readonly refusal?: KeyRefusal };
    return answer.refusal ?? (answer as unknown as StoredKey);
  }
}

function keyOfText(text: string): StoredKey {
  return JSON.parse(text) as StoredKey & { readonly scopes: readonly Scope[] };
}

function textOf(rows: readonly (readonly (string | null)[])[]): string {
  const text = rows[0]?.[0];
  if (text === undefined || text === null) throw new Error('a statement that always answers answered nothing');
  return text;
}
