// Owns what a login may do to the schema, and the rights that the schema's owner grants to the roles of sql/roles.
import { createHash } from 'node:crypto';
import type pg from 'pg';
import { statement } from './statements.ts';

const RIGHTS = statement('schema/rights.sql');
const APPLY = statement('grants/apply.sql');
const STATE = statement('grants/state.sql');

export interface Rights {
  readonly login: string;
  /** It may bring the schema up to date, or make it. */
  readonly mayChange: boolean;
  /** It may read how far the schema is. */
  readonly mayLook: boolean;
  readonly exists: boolean;
}

export async function rightsOf(client: pg.Client): Promise<Rights> {
  const { rows } = await client.query<{ login: string; may_change: boolean; may_look: boolean; exists: boolean }>(RIGHTS);
  const [row] = rows;
  if (row === undefined) throw new Error('PostgreSQL does not say what its login may do');
  return { login: row.login, mayChange: row.may_change, mayLook: row.may_look, exists: row.exists };
}

/**
 * Grants anew where what is granted differs from what was left the last time: another version, roles made since, a restored dump, or a
 * hand that granted more. Otherwise it changes nothing, so that a start disturbs nobody's plans.
 * @param knownDigest of the last time
 * @returns the digest to be known the next time; null where nothing was to be done
 */
export async function grantRights(client: pg.Client, knownDigest: string | undefined): Promise<string | null> {
  if ((await digestOfGrants(client)) === knownDigest) return null;
  await client.query(APPLY);
  return digestOfGrants(client);
}

async function digestOfGrants(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ state: string }>(STATE);
  return createHash('sha256')
    .update(APPLY)
    .update(rows[0]?.state ?? '')
    .digest('hex');
}
