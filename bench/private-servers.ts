// Owns the private PostgreSQL and Redis that baseline and holdfast share: those that `npm start` would run, with the same
// settings (fsync on), in a folder that is thrown away after.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbedded } from '../src/embedded/servers.ts';

export interface PrivateServers {
  /** Of the maintenance database; createDatabase() makes others. */
  readonly postgresUrl: string;
  /** Undefined where no Redis can be had: holdfast then does without. */
  readonly redisUrl: string | undefined;
  stop(): Promise<void>;
}

const say = (fields: object, message: string): void => console.error(message, fields);

/** Starts both, empty, under the temporary folder. */
export async function startPrivateServers(): Promise<PrivateServers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  // As root the servers run as somebody else, who must be able to pass through.
  await chmod(folder, 0o711);
  const servers = await startEmbedded({
    dataDir: folder,
    needPostgres: true,
    needRedis: true,
    log: { info: () => {}, warn: say, error: say },
  });
  if (servers.databaseUrl === null) throw new Error('PostgreSQL was not started');
  return {
    postgresUrl: servers.databaseUrl,
    redisUrl: servers.redisUrl ?? undefined,
    stop: async () => {
      await servers.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
