// Owns `holdfast migrate`: it brings a database to this version, for those who do so before they start new coordinators.
import { DatabaseUnreachable, migrate, SchemaMismatch } from '../ledger/migrate.ts';
import { SETTINGS } from '../settings.ts';
import { EXIT, Failure, type Outcome, reasonOf } from './failure.ts';
import { secretOf } from './secret.ts';
import { counted } from './text.ts';

/**
 * @param option of the command line; else HOLDFAST_MIGRATE_DATABASE_URL counts, else DATABASE_URL
 * @throws Failure that never repeats the URL, which may hold a password
 */
export async function migrateDatabase(option: string | undefined, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const { pattern, form } = SETTINGS.databaseUrl;
  const named = [SETTINGS.migrateDatabaseUrl, SETTINGS.databaseUrl].map(({ name }) => ({
    name,
    url: option ?? secretOf(env, name),
  }));
  const { name = '', url = null } = named.find((each) => each.url !== null) ?? {};
  if (url === null) {
    throw new Failure(
      EXIT.usage,
      `migrate needs ${SETTINGS.databaseUrl.name} or --database-url; the embedded PostgreSQL migrates itself at every start.`,
    );
  }
  if (!pattern.test(url)) throw new Failure(EXIT.usage, `${option === undefined ? name : '--database-url'} must be ${form}.`);
  const applied = await migrate(url).catch((error: unknown) => {
    const told = error instanceof SchemaMismatch || error instanceof DatabaseUnreachable;
    const sentence = told ? error.message : `the migration failed: ${reasonOf(error)}`;
    throw new Failure(EXIT.failed, `${sentence}.`);
  });
  const text =
    applied.length === 0
      ? 'The database is up to date: no migration was missing.\n'
      : `The database is up to date; ${counted(applied.length, 'migration was', 'migrations were')} applied:\n${applied.map((file) => `  ${file}\n`).join('')}`;
  return { text, exitCode: EXIT.done };
}
