// Owns `holdfast keys`: the way to API keys that needs none. It acts on the ledger itself, so whoever may reach that may use it.
import { LATEST_END, makeKey } from '../access/key.ts';
import { SCOPES, type Scope } from '../access/principal.ts';
import { shownKey } from '../access/shown.ts';
import type { KeyRefusal, StoredKey } from '../access/store.ts';
import type { Act } from '../coordinator/act.ts';
import { newId } from '../coordinator/identifiers.ts';
import { PostgresKeys } from '../ledger/keys.ts';
import { EXIT, Failure, type Outcome } from './failure.ts';
import { onLedger } from './ledger.ts';
import { operator } from './operator.ts';
import { visible } from './text.ts';

const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const PAGE = 500;
const MAX_OVERLAP_MS = 2_592_000_000;

/** A key that is in no list yet: for a file that HOLDFAST_ADMIN_KEY_FILE names. */
export function generateKey(): Outcome {
  return { text: `${makeKey(newId()).text}\n`, exitCode: EXIT.done };
}

export interface NewKeyOptions {
  readonly name: string;
  readonly scopes: string;
  readonly expiresAt?: string;
  readonly json?: boolean;
}

export async function createKey(
  databaseUrl: string,
  { name, scopes: named, expiresAt: until, json }: NewKeyOptions,
): Promise<Outcome> {
  const scopes = scopesIn(named);
  if (name.trim() === '' || name.length > 100) throw new Failure(EXIT.usage, '--name must have 1 to 100 characters.');
  const expiresAt = until === undefined ? null : Date.parse(until);
  if (expiresAt !== null && !(expiresAt <= LATEST_END))
    throw new Failure(EXIT.usage, '--expires-at must be a date and time such as 2027-11-22T08:00:00Z.');
  const { id, hash, text } = makeKey(newId());
  const act = actOf('key.create', id, { name, scopes, expiresAt: until ?? null });
  const key = await onKeys(databaseUrl, (keys) => keys.create({ id, name, scopes, expiresAt, hash }, act));
  return told(made(key, id), text, json);
}

export async function rotateKey(databaseUrl: string, id: string, overlap: string, json?: boolean): Promise<Outcome> {
  checkId(id);
  const overlapMs = /^\d{1,10}$/.test(overlap) ? Number(overlap) : Number.NaN;
  if (!(overlapMs <= MAX_OVERLAP_MS))
    throw new Failure(EXIT.usage, `--overlap-ms must be a whole number from 0 to ${MAX_OVERLAP_MS}.`);
  const replacement = makeKey(newId());
  const act = actOf('key.rotate', id, { replacedBy: replacement.id, overlapMs });
  const key = await onKeys(databaseUrl, (keys) => keys.rotate(id, replacement, overlapMs, act));
  return told(made(key, id), replacement.text, json);
}

export async function revokeKey(databaseUrl: string, id: string, json?: boolean): Promise<Outcome> {
  checkId(id);
  const key = made(await onKeys(databaseUrl, (keys) => keys.revoke(id, actOf('key.revoke', id, {}))), id);
  if (json === true) return { text: `${JSON.stringify(shownKey(key))}\n`, exitCode: EXIT.done };
  return {
    text: `Key ${key.id} (${visible(key.name)}) is revoked; coordinators that run know it within a second.\n`,
    exitCode: EXIT.done,
  };
}

export async function listKeys(databaseUrl: string, json?: boolean): Promise<Outcome> {
  const found = await onKeys(databaseUrl, allKeys);
  if (json === true) return { text: `${JSON.stringify({ items: found.map(shownKey) })}\n`, exitCode: EXIT.done };
  const lines = found.map((key) => `${key.id}  ${standing(key).padEnd(32)}  ${visible(key.name)}  [${key.scopes.join(', ')}]\n`);
  return { text: lines.join('') || 'There is no key yet.\n', exitCode: EXIT.done };
}

async function allKeys(keys: PostgresKeys): Promise<readonly StoredKey[]> {
  const found: StoredKey[] = [];
  for (;;) {
    const page = await keys.list(PAGE, found.at(-1) ?? null);
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

function standing({ revokedAt, expiresAt }: StoredKey): string {
  if (revokedAt !== null) return `revoked ${new Date(revokedAt).toISOString()}`;
  if (expiresAt === null) return 'good';
  return `${expiresAt > Date.now() ? 'until' : 'expired'} ${new Date(expiresAt).toISOString()}`;
}

function onKeys<T>(databaseUrl: string, work: (keys: PostgresKeys) => Promise<T>): Promise<T> {
  return onLedger(databaseUrl, (pool) => work(new PostgresKeys(pool)));
}

function actOf(act: Act['act'], subject: string, detail: Act['detail']): Act {
  return { ...operator(), act, subject, note: null, detail };
}

/** The key alone on stdout is what scripts want; what it is stands on it already. */
function told(key: StoredKey, text: string, json?: boolean): Outcome {
  return { text: json === true ? `${JSON.stringify({ ...shownKey(key), key: text })}\n` : `${text}\n`, exitCode: EXIT.done };
}

function made(key: StoredKey | KeyRefusal, id: string): StoredKey {
  if (typeof key !== 'string') return key;
  if (key === 'unknown') throw new Failure(EXIT.notFound, `There is no key ${id}.`);
  if (key === 'too-many') throw new Failure(EXIT.failed, 'There are as many usable keys as may be; revoke some first.');
  if (key === 'replaced') throw new Failure(EXIT.failed, `Key ${id} was replaced by another already; rotate that.`);
  throw new Failure(EXIT.failed, `Key ${id} is no longer, or would never be, good.`);
}

function scopesIn(text: string): readonly Scope[] {
  const named = text.split(',').map((scope) => scope.trim());
  const scopes = SCOPES.filter((scope) => named.includes(scope));
  if (scopes.length !== named.length) throw new Failure(EXIT.usage, `--scopes must be some of ${SCOPES.join(',')}.`);
  return scopes;
}

function checkId(id: string): void {
  if (!ID.test(id)) throw new Failure(EXIT.usage, 'The id of a key is a UUID, as holdfast keys list shows it.');
}
