// Owns the Redis of a run, and what the faults do to it: it dies, forgets everything, or remembers what was long ago.
import { chown, copyFile, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../test/support/servers.ts';
import { fixedPort } from './fixed-port.ts';
import type { RedisPort } from './ports.ts';
import type { UnderWay } from './under-way.ts';

const COMMAND_LIMIT_MS = 5_000;

export interface RedisForChaos {
  readonly port: RedisPort;
  readonly url: string;
  stop(): Promise<void>;
}

/** @param folder where the snapshot is kept */
export async function startRedisForChaos(folder: string, underWay: UnderWay): Promise<RedisForChaos> {
  const server = await startRedis(await fixedPort());
  const snapshot = join(folder, 'redis-snapshot.rdb');
  let hasSnapshot = false;
  const command = async (work: (redis: Redis) => Promise<unknown>): Promise<void> => {
    const redis = new Redis(server.url, {
      lazyConnect: true,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      connectTimeout: COMMAND_LIMIT_MS,
      commandTimeout: COMMAND_LIMIT_MS,
    });
    redis.on('error', () => {});
    try {
      await redis.connect();
      await work(redis);
    } finally {
      redis.disconnect();
    }
  };
  const empty = async (): Promise<void> => {
    await server.kill();
    const names = await readdir(server.folder);
    await Promise.all(names.map((name) => rm(join(server.folder, name), { recursive: true, force: true })));
  };
  const port: RedisPort = {
    kill: () => underWay.run(server.kill),
    start: () => underWay.run(async () => (server.isRunning() ? undefined : server.restart())),
    flush: () => underWay.run(() => command((redis) => redis.flushall())),
    restartEmpty: () =>
      underWay.run(async () => {
        await empty();
        await server.restart();
      }),
    takeSnapshot: () =>
      underWay.run(async () => {
        await command((redis) => redis.save());
        await copyFile(join(server.folder, 'dump.rdb'), snapshot);
        hasSnapshot = true;
      }),
    rollBack: () =>
      underWay.run(async () => {
        if (!hasSnapshot) throw new Error('no snapshot of Redis was taken');
        await empty();
        // It starts from its log alone; but a log may begin with such a snapshot, and one under the old name is taken over.
        const log = join(server.folder, 'appendonly.aof');
        await copyFile(snapshot, log);
        const { uid, gid } = await stat(server.folder);
        await chown(log, uid, gid);
        await server.restart();
      }),
    pause: server.pause,
    resume: server.resume,
  };
  return { port, url: server.url, stop: server.stop };
}
