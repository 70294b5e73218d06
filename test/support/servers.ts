// Owns the throw-away PostgreSQL and Redis of the tests: private, in the temporary folder, made to be killed.
import { type ChildProcess, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Account, serverAccount } from '../../src/embedded/account.ts';
import { endProcessesIn, processesIn } from '../../src/embedded/leftovers.ts';
import {
  makeCluster,
  makePrivateFolder,
  type PostgresPrograms,
  postgresRecipe,
  postgresUrl,
} from '../../src/embedded/postgres.ts';
import { findRedis, freePort, type RedisPlace, redisRecipe, redisUrl, writeRedisConfig } from '../../src/embedded/redis.ts';
import { postgresPrograms } from '../../src/embedded/servers.ts';
import { launch, type ServerRecipe } from '../../src/embedded/supervisor.ts';
import { atTheEnd } from './end.ts';
import { makeFolder } from './folder.ts';

/** A server that nothing watches: what a test does to it stays done. The URL is the same after a restart. */
export interface TestServer {
  readonly url: string;
  /** The real path of its data folder. */
  readonly folder: string;
  /** Whether the process that leads it is there. */
  isRunning(): boolean;
  /** SIGKILL to every process of it, as a power cut would. */
  kill(): Promise<void>;
  /** Kills what is left and starts it again on the same data. */
  restart(): Promise<void>;
  /** SIGSTOP to every process: it holds its connections and answers nothing. */
  pause(): void;
  resume(): void;
  /** Kills it and removes its folder. */
  stop(): Promise<void>;
}

export interface PostgresPlace {
  /** Gets the cluster, and stays where it is when the server is stopped; a real path. Otherwise it is a temporary folder. */
  readonly folder: string;
}

/** Tests crash processes, not the machine; so nothing has to reach the disk, except where a test asks for it. */
const FAST_SETTINGS = { fsync: 'off', shared_buffers: '64MB', max_wal_size: '1GB', dynamic_shared_memory_type: 'mmap' };
const PASSWORD = randomBytes(12).toString('hex');
/** One for each server's programs. */
const templates = new Map<string, Promise<string>>();

/**
 * Starts a PostgreSQL with an empty database.
 * @param settings server settings that differ from the tests' usual ones, as `postgres -c name=value` takes them
 * @param other the programs of another version than the embedded one
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
  other: PostgresPrograms | null = null,
  where: PostgresPlace | null = null,
): Promise<TestServer> {
  const programs = other ?? (await postgresPrograms());
  const folder = await makeFolder();
  const account = serverAccount([folder, programs.postgres]);
  const cluster = join(where?.folder ?? folder, 'postgres');
  if (where === null) {
    const template = templates.get(programs.postgres) ?? makeTemplate(programs);
    templates.set(programs.postgres, template);
    copyFolder(await template, cluster);
  } else {
    // A template would be left behind by whoever does not run the tests.
    await makeCluster(programs, account, cluster, PASSWORD);
  }
  await makePrivateFolder(join(folder, 'socket'), account);
  const place = { cluster, socketFolder: join(folder, 'socket'), logFile: join(folder, 'postgres.log') };
  const recipe = postgresRecipe(programs, account, place, { ...FAST_SETTINGS, ...settings });
  return start(recipe, postgresUrl(place.socketFolder, PASSWORD), folder);
}

/**
 * Starts an empty Redis.
 * @param port where it listens, a free one where none is given
 */
export async function startRedis(port: number | null = null): Promise<TestServer> {
  const program = findRedis();
  if (program === null)
    throw new Error('The tests need redis-server or valkey-server on PATH; `npm test` installs it where it can.');
  const folder = await makeFolder();
  const account = serverAccount([folder, program]);
  const data = join(folder, 'redis');
  await makePrivateFolder(data, account);
  const place: RedisPlace = {
    folder: data,
    configFile: join(folder, 'redis.conf'),
    logFile: join(folder, 'redis.log'),
    port: port ?? (await freePort()),
    password: PASSWORD,
  };
  await writeRedisConfig(account, place);
  return start(redisRecipe(program, account, place), redisUrl(place), folder);
}

async function start(recipe: ServerRecipe, url: string, folder: string): Promise<TestServer> {
  let child: ChildProcess | null = null;
  const kill = async (): Promise<void> => {
    await endProcessesIn(recipe.folder, recipe.programs, []);
    // Dead, but not reaped yet, its process id still counts as taken, and PostgreSQL would not start beside it.
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    child.ref(); // Its end is waited for, also where nothing else keeps this process here.
    await once(child, 'exit');
  };
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const pid of processesIn(recipe.folder, recipe.programs)) {
      try {
        process.kill(pid, name);
      } catch {
        // It ended while we looked.
      }
    }
  };
  const stop = async (): Promise<void> => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  atTheEnd(stop);
  const launchIt = async (): Promise<void> => {
    child = await launch(recipe);
    child.unref();
  };
  await launchIt();
  return {
    url,
    folder: recipe.folder,
    isRunning: () => child !== null && child.exitCode === null && child.signalCode === null,
    kill,
    restart: async () => {
      await kill();
      await launchIt();
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    stop,
  };
}

/** initdb takes a second; copying what it made takes a few milliseconds. So it runs once. */
async function makeTemplate(programs: PostgresPrograms): Promise<string> {
  const folder = await makeFolder();
  atTheEnd(async () => rmSync(folder, { recursive: true, force: true }));
  const account: Account = serverAccount([folder, programs.postgres, programs.initdb]);
  await makeCluster(programs, account, join(folder, 'template'), PASSWORD);
  return join(folder, 'template');
}

function copyFolder(source: string, target: string): void {
  // --reflink is GNU's; where it is not known, a plain copy does.
  try {
    execFileSync('cp', ['-a', '--reflink=auto', source, target], { stdio: 'ignore' });
  } catch {
    execFileSync('cp', ['-a', source, target]);
  }
}
