// Owns the embedded Redis (or Valkey): where its program is, what it is told, and when it serves.
import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { chmod, chown, open, rename } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Account } from './account.ts';
import type { ServerRecipe } from './supervisor.ts';

const PROGRAMS = ['redis-server', 'valkey-server'] as const;
const PING_TIMEOUT_MS = 500;

/** @returns the absolute path of redis-server or valkey-server; null where PATH has neither */
export function findRedis(path: string | undefined = process.env.PATH): string | null {
  const candidates = PROGRAMS.flatMap((program) =>
    (path ?? '')
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, program)),
  );
  return candidates.find(isExecutable) ?? null;
}

export interface RedisPlace {
  /** The real path of its data folder. */
  readonly folder: string;
  readonly configFile: string;
  readonly logFile: string;
  readonly port: number;
  readonly password: string;
}

/**
 * Writes the configuration file; the password stands there and nowhere on a command line, which every local user can read.
 * It is renamed into place, readable for the account alone.
 */
export async function writeRedisConfig(account: Account, place: RedisPlace): Promise<void> {
  const lines = [
    'bind 127.0.0.1',
    `port ${place.port}`,
    'protected-mode yes',
    `requirepass ${place.password}`,
    'daemonize no',
    `dir ${JSON.stringify(place.folder)}`,
    // Jobs survive a restart, but for the last second. That is enough: PostgreSQL says what is due, a job only wakes somebody up.
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    // BullMQ's jobs must never be evicted; where memory runs out, Redis refuses and the PostgreSQL sweep carries on.
    'maxmemory 512mb',
    'maxmemory-policy noeviction',
    'loglevel warning',
    // How often a second it looks whose wait is over: with 10, the default, timers would ring up to 0.1 s late.
    'hz 100',
  ];
  const fresh = `${place.configFile}.${randomBytes(4).toString('hex')}`;
  const file = await open(fresh, 'wx', 0o600);
  try {
    await file.writeFile(`${lines.join('\n')}\n`);
  } finally {
    await file.close();
  }
  if (account.owner !== null) {
    // Read by its group, the account's; written by root only.
    await chown(fresh, 0, account.owner.gid);
    await chmod(fresh, 0o640);
  }
  await rename(fresh, place.configFile);
}

/** Says how the server is run. Its program is `program`, from findRedis(). */
export function redisRecipe(program: string, account: Account, place: RedisPlace): ServerRecipe {
  return {
    name: 'Redis',
    account,
    program,
    args: [place.configFile],
    folder: place.folder,
    programs: PROGRAMS,
    logFile: place.logFile,
    stopPlan: [{ signal: 'SIGTERM', waitMs: 3_000 }],
    isReady: () => answersPing(place.port, place.password),
  };
}

export function redisUrl(place: RedisPlace): string {
  return `redis://:${place.password}@127.0.0.1:${place.port}`;
}

/** @returns a TCP port on the loopback that nobody listens on at this moment */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The operating system gave no free port.');
  return address.port;
}

/** Speaks the two words of the protocol that are needed. While Redis reads its log at the start it answers -LOADING. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let reply = '';
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PING_TIMEOUT_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1');
      if (reply.includes('+PONG')) finish(true);
      else if (/^-/m.test(reply)) finish(false);
    });
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
