// Owns a database with an owner, and logins in the roles of sql/roles, as a careful administrator makes them; and plain SQL by any login.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import pg from 'pg';

const ROLES = readFileSync(fileURLToPath(new URL('../../sql/roles/roles.sql', import.meta.url)), 'utf8');

/** insufficient_privilege */
export const DENIED = '42501';

/** The same database, by each login. */
export interface RoleUrls {
  readonly superuser: string;
  readonly owner: string;
  readonly application: string;
  readonly reader: string;
}

/** Makes them on a server, beside its database `postgres`; there is no schema yet. */
export async function makeRoles(serverUrl: string, database = 'ledger'): Promise<RoleUrls> {
  const as = (login: string): string =>
    serverUrl.replace(/^(postgres:\/\/)[^@]*(@[^/]*\/).*/, `$1${login}:${login}-password$2${database}`);
  const superuser = serverUrl.replace(/\/postgres$/, `/${database}`);
  await run(serverUrl, "CREATE ROLE ledger_owner LOGIN PASSWORD 'ledger_owner-password'");
  await run(serverUrl, `CREATE DATABASE ${database} OWNER ledger_owner`);
  await run(superuser, ROLES);
  await run(superuser, ROLES);
  await run(
    superuser,
    "CREATE ROLE ledger_coordinator LOGIN PASSWORD 'ledger_coordinator-password' IN ROLE holdfast_application",
  );
  await run(superuser, "CREATE ROLE ledger_person LOGIN PASSWORD 'ledger_person-password' IN ROLE holdfast_reader");
  return { superuser, owner: as('ledger_owner'), application: as('ledger_coordinator'), reader: as('ledger_person') };
}

/** Runs statements on a connection of their own. @returns the rows of the last, or of the only one */
export async function run(url: string, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const results: unknown = await client.query(text);
    const last = (Array.isArray(results) ? results.at(-1) : results) as pg.QueryResult<Record<string, unknown>>;
    return last.rows;
  } finally {
    await client.end();
  }
}

/** @returns the SQLSTATE that the statement is refused with; 'done' where it is not */
export async function refusalOf(url: string, text: string): Promise<string> {
  try {
    await run(url, text);
    return 'done';
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    throw error;
  }
}

/** Expects that each is refused for want of rights. */
export async function refused(url: string, statements: readonly string[]): Promise<void> {
  for (const text of statements) expect(await refusalOf(url, text), text).to.equal(DENIED);
}
