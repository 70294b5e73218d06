// Owns the schema's way from one version to the next: sql/migrations in order, then sql/functions and sql/views as they stand, then
// sql/grants, under an advisory lock, so that of several instances starting at once one migrates and the others wait. A login that may
// not change the schema only looks at it.
import { createHash } from 'node:crypto';
import pg from 'pg';
import { grantRights, type Rights, rightsOf } from './rights.ts';
import { statement, statementsIn } from './statements.ts';

const BOOKKEEPING = statement('schema/bookkeeping.sql');
const KNOWN = statement('schema/known.sql');
const REMEMBER = statement('schema/remember.sql');

/** The lock's key: any number of our own, the same in every instance. */
const LOCK_KEY = 7_205_001;
const OLDEST_SERVER = 150_000;
/** Functions and views that others are made of come first. */
const FUNCTION_ORDER = [
  'epoch_ms.sql',
  'from_epoch_ms.sql',
  'claim_stock.sql',
  'claim_transaction.sql',
  'participant_is_in_use.sql',
  'participant_document.sql',
  'transaction_document.sql',
  'load_rows.sql',
];

/** What the bookkeeping holds besides migrations. */
const OTHERS: readonly string[] = ['functions', 'grants'];

/** The database and this version of the code do not fit: nothing was changed. */
export class SchemaMismatch extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SchemaMismatch';
  }
}

/** The database of that URL does not take us, or not in time; the message says where it is and why, and holds no password. */
export class DatabaseUnreachable extends Error {
  constructor(databaseUrl: string, cause: unknown) {
    super(`PostgreSQL at ${placeOf(databaseUrl)} cannot be used: ${reasonOf(cause)}`, { cause });
    this.name = 'DatabaseUnreachable';
  }
}

const CONNECT_WITHIN_MS = 5000;

/**
 * Brings the database to this version of the code; with a login that may not, it makes sure that somebody else did.
 * @param connectWithinMs a server that takes the connection and then says nothing must not hold up the start for ever
 * @returns the migrations that were applied, by name
 * @throws SchemaMismatch where the schema is newer than the code, or older and not ours to change, or the server older than PostgreSQL 15
 * @throws DatabaseUnreachable where there is no connection to it
 */
export async function migrate(databaseUrl: string, connectWithinMs = CONNECT_WITHIN_MS): Promise<readonly string[]> {
  const client = await connect(databaseUrl, connectWithinMs);
  try {
    await checkServer(client);
    await client.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    await client.query('SET client_min_messages = warning');
    await client.query('BEGIN');
    const rights = await rightsOf(client);
    const applied = rights.mayChange ? await applyAll(client) : await lookAtAll(client, rights);
    await client.query('COMMIT');
    return applied;
  } finally {
    await client.end();
  }
}

async function connect(databaseUrl: string, withinMs: number): Promise<pg.Client> {
  try {
    // The constructor reads the certificates that the URL names.
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'holdfast migrate',
      connectionTimeoutMillis: withinMs,
    });
    await client.connect();
    return client;
  } catch (error) {
    throw new DatabaseUnreachable(databaseUrl, error);
  }
}

function placeOf(databaseUrl: string): string {
  const { hostname, port, pathname } = new URL(databaseUrl);
  return `${decodeURIComponent(hostname)}:${port || 5432}${pathname}`;
}

/** Where a name has several addresses, each attempt has failed for a reason of its own, and the whole has no words. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

async function checkServer(client: pg.Client): Promise<void> {
  const result = await client.query<{ server_version_num: string }>('SHOW server_version_num');
  const version = Number(result.rows[0]?.server_version_num ?? 0);
  if (version < OLDEST_SERVER)
    throw new SchemaMismatch(`PostgreSQL ${Math.floor(version / 10_000)} is too old: holdfast needs 15 or newer`);
}

async function applyAll(client: pg.Client): Promise<readonly string[]> {
  await client.query(BOOKKEEPING);
  const digests = await readDigests(client);
  const missing = missingIn(digests);
  for (const { name, text } of missing) {
    await client.query(text);
    await remember(client, name, digestOf(text));
  }
  await replaceFunctions(client, digests.get('functions'));
  const granted = await grantRights(client, digests.get('grants'));
  if (granted !== null) await remember(client, 'grants', granted);
  return missing.map(({ name }) => name);
}

async function lookAtAll(client: pg.Client, { login, mayLook, exists }: Rights): Promise<readonly string[]> {
  if (!mayLook) {
    const what = exists ? `may not use the schema of holdfast` : 'finds no schema of holdfast, and may not make one';
    throw new SchemaMismatch(`${login} ${what}: run \`holdfast migrate\` as the owner`);
  }
  const digests = await readDigests(client);
  const [missing] = missingIn(digests);
  if (missing === undefined && digests.get('functions') === functionsHere().digest) return [];
  const what = missing === undefined ? 'its functions are others' : `${missing.name} is missing`;
  throw new SchemaMismatch(
    `the database's schema is not that of this version of holdfast (${what}), and ${login} may not change it: run \`holdfast migrate\` as the owner`,
  );
}

async function readDigests(client: pg.Client): Promise<ReadonlyMap<string, string>> {
  const known = await client.query<{ name: string; digest: string }>(KNOWN);
  return new Map(known.rows.map((row) => [row.name, row.digest]));
}

/** @returns the migrations that were not applied, in their order */
function missingIn(digests: ReadonlyMap<string, string>): { readonly name: string; readonly text: string }[] {
  const migrations = statementsIn('migrations');
  const newest = migrations.at(-1)?.name ?? '';
  const foreign = [...digests.keys()].filter((name) => !OTHERS.includes(name) && name > newest).sort();
  if (foreign.length > 0) {
    throw new SchemaMismatch(
      `the database's schema (${foreign.at(-1)}) is newer than this version of holdfast (${newest}): upgrade holdfast`,
    );
  }
  return migrations.filter(({ name }) => !digests.has(name));
}

/** Functions and views hold no data, so they are replaced whenever they differ from those of this version. */
async function replaceFunctions(client: pg.Client, knownDigest: string | undefined): Promise<void> {
  const { texts, digest } = functionsHere();
  if (digest === knownDigest) return;
  for (const text of texts) await client.query(text);
  await remember(client, 'functions', digest);
}

function functionsHere(): { readonly texts: readonly string[]; readonly digest: string } {
  const functions = [...statementsIn('functions'), ...statementsIn('views')].sort((a, b) => rank(a.name) - rank(b.name));
  const texts = functions.map(({ text }) => text);
  return { texts, digest: digestOf(texts.join('\n')) };
}

function rank(name: string): number {
  const index = FUNCTION_ORDER.indexOf(name);
  return index === -1 ? FUNCTION_ORDER.length : index;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function remember(client: pg.Client, name: string, digest: string): Promise<void> {
  await client.query(REMEMBER, [name, digest]);
}
