// Owns the ports through which keys and audited acts reach the ledger. src/ledger implements them on PostgreSQL.
import type { Act } from '../coordinator/act.ts';
import type { Entry, Link } from './chain.ts';
import type { Scope } from './principal.ts';

export interface StoredKey {
  readonly id: string;
  /** The id of the first key of its rotations. */
  readonly lineage: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** In ms since 1970, by the database's clock, as all times here. */
  readonly createdAt: number;
  /** Null: it does not end by itself. */
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly replacedBy: string | null;
}

/** A key that may be used, with what it is recognised by. */
export interface UsableKey {
  readonly id: string;
  readonly lineage: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | null;
  /** SHA-256 of the secret, in hexadecimal. */
  readonly hash: string;
}

export interface UsableKeys {
  /** The database's clock. */
  readonly now: number;
  /** Whether there ever was a key: authentication is never off again. */
  readonly everMade: boolean;
  readonly keys: readonly UsableKey[];
}

export interface KeyRequest {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: number | null;
  readonly hash: string;
}

export type KeyRefusal = 'unknown' | 'not-usable' | 'replaced' | 'too-many' | 'other-secret';

/** All of them throw DatabaseUnavailable where PostgreSQL does not answer. Each writes its act in the same commit. */
export interface KeyStore {
  usable(): Promise<UsableKeys>;
  create(request: KeyRequest, act: Act): Promise<StoredKey | KeyRefusal>;
  /** Makes sure of a key that is given from outside; the act is written where it is new. */
  adopt(request: KeyRequest, act: Act): Promise<StoredKey | KeyRefusal>;
  /** @param replacement the id and hash of the new key, which has the old one's name and scopes */
  rotate(
    id: string,
    replacement: { readonly id: string; readonly hash: string },
    overlapMs: number,
    act: Act,
  ): Promise<StoredKey | KeyRefusal>;
  /** Revoking again changes nothing, and is no act. */
  revoke(id: string, act: Act): Promise<StoredKey | KeyRefusal>;
  /** Newest first. @param after the last of the page before */
  list(limit: number, after: Pick<StoredKey, 'id' | 'createdAt'> | null): Promise<readonly StoredKey[]>;
}

/** What a page of the audit is asked for. */
export interface EntryFilter {
  readonly act: string | null;
  readonly subject: string | null;
}

/** An entry with the link of the chain that took it in; null where none has yet. */
export interface ListedEntry extends Entry {
  readonly link: number | null;
}

/** What the chain is held against, all of one snapshot. */
export interface AuditReading {
  /** Links in order, from after one on. */
  links(after: number, limit: number): Promise<readonly Link[]>;
  entries(ids: readonly string[]): Promise<readonly Entry[]>;
  /** Of those that are in no link: how many wait for one, which should be in one but are not, and which wait but are not there. */
  loose(): Promise<{ readonly pending: number; readonly strays: readonly string[]; readonly lost: readonly string[] }>;
}

export interface AuditLog {
  /** Writes an act that is no part of another commit. */
  record(act: Act): Promise<void>;
  /** Newest first. @param before the id of the last of the page before */
  list(filter: EntryFilter, limit: number, before: string | null): Promise<readonly ListedEntry[]>;
}
