// Owns what the tests of the embedded servers share: starting them here or in a process to be killed, and asking them something.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import { endProcessesIn } from '../../src/embedded/leftovers.ts';
import { type EmbeddedServers, startEmbedded } from '../../src/embedded/servers.ts';
import { atTheEnd } from './end.ts';
import { makeFolder } from './folder.ts';

const HOLDER = fileURLToPath(new URL('./embedded-holder.ts', import.meta.url));
export const PROGRAMS = ['postgres', 'redis-server', 'valkey-server'];

interface Line {
  readonly level: 'info' | 'warn' | 'error';
  readonly details: object;
  readonly message: string;
}

export function recordingLog() {
  const lines: Line[] = [];
  const at = (level: Line['level']) => (details: object, message: string) => void lines.push({ level, details, message });
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

/** A data folder whose servers are ended, and which is removed, when the run ends, whatever became of the test. */
export async function makeDataFolder(): Promise<string> {
  const folder = await makeFolder();
  atTheEnd(async () => {
    for (const name of ['postgres', 'redis']) await endProcessesIn(join(folder, name), PROGRAMS, []);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

export async function start(dataDir: string, log = recordingLog()): Promise<EmbeddedServers> {
  const servers = await startEmbedded({ dataDir, needPostgres: true, needRedis: true, log });
  atTheEnd(() => servers.stop());
  return servers;
}

export async function query(url: string | null, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url ?? '', connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

export async function redisDo<T>(url: string | null, work: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url ?? '', { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
}

/** Tries until it succeeds, for what comes back by itself. */
export async function eventually<T>(withinMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}

interface Holder {
  readonly child: ChildProcess;
  readonly said: { readonly databaseUrl?: string; readonly redisUrl?: string; readonly error?: string };
}

export async function startHolder(dataDir: string): Promise<Holder> {
  const child = spawn(process.execPath, [HOLDER, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  atTheEnd(async () => child.kill('SIGKILL'));
  const [chunk] = await once(child.stdout, 'data');
  return { child, said: JSON.parse(String(chunk)) };
}
