// Owns the bench's own look into PostgreSQL: databases to work in, the statements of sql/, and the check of what must hold.
import { readFile } from 'node:fs/promises';
import pg from 'pg';

/** @returns the text of one file of sql/ */
export function statement(name: string): Promise<string> {
  return readFile(new URL(`./sql/${name}.sql`, import.meta.url), 'utf8');
}

/** @returns the address of another database on the same server */
export function databaseUrl(postgresUrl: string, database: string): string {
  const url = new URL(postgresUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** Connects, for the bench itself; close it with end(). */
export async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Makes an empty database. @returns its address */
export async function createDatabase(postgresUrl: string, name: string): Promise<string> {
  const client = await connect(postgresUrl);
  await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  await client.end();
  return databaseUrl(postgresUrl, name);
}

/** An invariant does not hold: the bench ends, and its figures are worth nothing. */
export class InvariantsBroken extends Error {
  constructor(what: string, detail: unknown) {
    super(`${what} DOES NOT HOLD: ${JSON.stringify(detail)}`);
    this.name = 'InvariantsBroken';
  }
}

/**
 * Checks I1–I3 in the database, and for holdfast that branches stand where their transactions do.
 * @throws InvariantsBroken with the first rows that break one
 */
export async function checkInvariants(client: pg.Client, schema: 'holdfast' | 'baseline'): Promise<void> {
  const invariants = schema === 'holdfast' ? ['i1', 'i2', 'i3', 'branches'] : ['i1', 'i2', 'i3'];
  for (const invariant of invariants) {
    const { rows } = await client.query(await statement(`${schema}-${invariant}`));
    if (rows.length > 0) throw new InvariantsBroken(`${invariant.toUpperCase()} of ${schema}`, rows);
  }
}

export interface Stored {
  readonly tried: number;
  readonly confirmed: number;
}

/** How many transactions were ever held, and how many of them were sold. */
export async function storedCounts(client: pg.Client, schema: 'holdfast' | 'baseline'): Promise<Stored> {
  const { rows } = await client.query<Stored>(
    `SELECT count(*)::float8 AS tried, count(*) FILTER (WHERE state = 'CONFIRMED')::float8 AS confirmed FROM ${schema}.transaction`,
  );
  return rows[0] ?? { tried: 0, confirmed: 0 };
}

export interface Writes {
  readonly walBytes: number;
  readonly transactionIds: number;
}

/** What the whole server has written so far. */
export async function writesSoFar(client: pg.Client): Promise<Writes> {
  const { rows } = await client.query<Writes>(await statement('writes'));
  return rows[0] ?? { walBytes: 0, transactionIds: 0 };
}
