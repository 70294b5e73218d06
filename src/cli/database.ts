// Owns where the commands that need no running coordinator find the ledger: DATABASE_URL, or the embedded PostgreSQL of a coordinator
// that runs on this machine.
import { readConfig } from '../config.ts';
import { runningDatabaseUrl } from '../embedded/servers.ts';
import { SETTINGS } from '../settings.ts';
import { EXIT, Failure } from './failure.ts';

/**
 * @param option of the command line; else the environment counts
 * @throws Failure that never repeats the URL, which may hold a password
 */
export async function ledgerUrl(option: string | undefined, env: NodeJS.ProcessEnv): Promise<string> {
  const { name, pattern, form } = SETTINGS.databaseUrl;
  if (option !== undefined) {
    if (!pattern.test(option)) throw new Failure(EXIT.usage, `--database-url must be ${form}.`);
    return option;
  }
  const { databaseUrl, dataDir } = readConfig(env);
  const url = databaseUrl ?? (await runningDatabaseUrl(dataDir));
  if (url !== null) return url;
  const where = `no embedded PostgreSQL runs in ${dataDir} (${SETTINGS.dataDir.name})`;
  throw new Failure(EXIT.usage, `${name} is not set, and ${where}: set one of them, or start the coordinator.`);
}
