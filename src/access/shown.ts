// Owns how a key is shown: without what it is recognised by, which no answer holds. Pure.
import type { StoredKey } from './store.ts';

export function shownKey({ id, name, scopes, createdAt, expiresAt, revokedAt, replacedBy }: StoredKey) {
  const times = { createdAt: momentOf(createdAt), expiresAt: momentOf(expiresAt), revokedAt: momentOf(revokedAt) };
  return { id, name, scopes, ...times, replacedBy };
}

function momentOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
