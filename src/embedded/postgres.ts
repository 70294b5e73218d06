// Owns the embedded PostgreSQL: how its cluster is made once, whole or not at all, and how the server is run.
import { randomBytes } from 'node:crypto';
import { constants, existsSync, mkdirSync } from 'node:fs';
import { chmod, chown, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { runToEnd } from './command.ts';
import type { ServerRecipe } from './supervisor.ts';

export interface PostgresPrograms {
  readonly postgres: string;
  readonly initdb: string;
}

export const DATABASE_USER = 'holdfast';
/** Only a name for the socket file: the server listens on no TCP port. */
const SOCKET_PORT = 5432;
/** sun_path holds 108 bytes on Linux and 104 on macOS, with a zero at the end. */
const SOCKET_PATH_LIMIT_BYTES = 103;

/** Each setting with its reason; docker-compose.yml is held to them by a test. Command-line flags, so that a new version's choices reach a cluster that exists already. */
export const SERVER_SETTINGS: Readonly<Record<string, string>> = {
  // An answered 2xx survives a power cut (I6). These are the defaults, said aloud, so that nothing in the cluster changes them.
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // The socket lies in a folder of mode 0700, and asks for the password besides; no other local user gets near it.
  listen_addresses: '',
  unix_socket_permissions: '0700',
  port: String(SOCKET_PORT),
  // Two dozen are used; the rest is for operators and tests.
  // 32 workers with eight connections each, and room for people. Claims of new ids (claim_transaction) live in the shared
  // lock table, whose size is the product of these two.
  max_connections: '500',
  max_locks_per_transaction: '128',
  shared_buffers: '256MB',
  // Checkpoints make the next write of every page a whole page of log; so few of them, spread out. The price is a crash
  // recovery that may read up to this much log.
  max_wal_size: '4GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  wal_compression: 'on',
  // Short statements by the thousand: compiling one, or giving it parallel workers, costs more than it ever saves.
  jit: 'off',
  max_parallel_workers_per_gather: '0',
  random_page_cost: '1.1',
  // Stock rows are updated all day long. Clean up early and often, in small portions, before a hot row's page fills with its past.
  autovacuum_naptime: '15s',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_analyze_scale_factor: '0.05',
  // A refused compare-and-set is an ERROR to PostgreSQL and daily bread here; the coordinator is told anyway. Starts, stops,
  // crashes and refused logins are what the file is for.
  log_min_messages: 'log',
  log_checkpoints: 'off',
  log_timezone: 'UTC',
  timezone: 'UTC',
};

/**
 * Makes the cluster where there is none. It is made beside its place and renamed into it, so a killed start leaves nothing half-made.
 * @param folder where the cluster is to be; its parent must exist
 * @param password of the one role, which owns everything
 */
export async function makeCluster(programs: PostgresPrograms, account: Account, folder: string, password: string): Promise<void> {
  await removeHalfMade(folder);
  if (existsSync(join(folder, 'PG_VERSION'))) return;
  const making = `${folder}.making-${randomBytes(4).toString('hex')}`;
  const passwordFile = `${making}.password`;
  await mkdir(making, { mode: 0o700 });
  await ownBy(account, making);
  await writeSecret(passwordFile, password, account);
  try {
    await runToEnd(account, making, programs.initdb, [
      ...['--pgdata', making, '--username', DATABASE_USER, '--pwfile', passwordFile, '--auth', 'scram-sha-256'],
      // The C locale compares bytes, as the code does, and no system library can change the order of an index under it.
      ...['--encoding', 'UTF8', '--locale', 'C', '--data-checksums'],
    ]);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(making, folder);
  await syncFolder(join(folder, '..'));
}

/**
 * Says how the server of a cluster is run.
 * @param cluster the real path of the cluster's folder
 * @param socketFolder from socketFolderFor()
 * @param overrides settings that differ; tests use it
 */
export function postgresRecipe(
  programs: PostgresPrograms,
  account: Account,
  place: { readonly cluster: string; readonly socketFolder: string; readonly logFile: string },
  overrides: Readonly<Record<string, string>> = {},
): ServerRecipe {
  const settings = { ...SERVER_SETTINGS, unix_socket_directories: place.socketFolder, ...overrides };
  return {
    name: 'PostgreSQL',
    account,
    program: programs.postgres,
    args: ['-D', place.cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    folder: place.cluster,
    programs: ['postgres'],
    logFile: place.logFile,
    // Fast (end every session, write a checkpoint), then immediate (end now, recover at the next start).
    stopPlan: [
      { signal: 'SIGINT', waitMs: 5_000 },
      { signal: 'SIGQUIT', waitMs: 1_000 },
    ],
    isReady: (pid) => isReady(place.cluster, pid),
  };
}

/** @returns the URL for the server of a recipe; the host is the socket's folder, percent-encoded, as libpq and node-postgres read it */
export function postgresUrl(socketFolder: string, password: string): string {
  return `postgres://${DATABASE_USER}:${password}@${encodeURIComponent(socketFolder)}:${SOCKET_PORT}/postgres`;
}

/** @returns whether a socket in that folder can be named at all: the operating system allows about 100 bytes */
export function socketFits(folder: string): boolean {
  return Buffer.byteLength(join(folder, `.s.PGSQL.${SOCKET_PORT}`)) <= SOCKET_PATH_LIMIT_BYTES;
}

/** Makes a folder that only the account may enter. */
export async function makePrivateFolder(folder: string, account: Account): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await ownBy(account, folder);
}

/** Line 1 of postmaster.pid is the server's process, line 8 its status. Needs no password and no connection. */
async function isReady(cluster: string, pid: number): Promise<boolean> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
}

/** Line 5 of postmaster.pid is where its socket is. @returns null where no server runs on that cluster */
export async function socketFolderOf(cluster: string): Promise<string | null> {
  const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return lines[7]?.trim() === 'ready' ? (lines[4]?.trim() ?? null) : null;
}

async function removeHalfMade(folder: string): Promise<void> {
  const parent = join(folder, '..');
  const prefix = `${folder}.making-`;
  const names = await readdir(parent);
  const halfMade = names.map((name) => join(parent, name)).filter((path) => path.startsWith(prefix));
  await Promise.all(halfMade.map((path) => rm(path, { recursive: true, force: true })));
}

/** The file is made anew (a link somebody laid there is not followed) and belongs to the account before anything is in it. */
async function writeSecret(path: string, secret: string, account: Account): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    if (account.owner !== null) await file.chown(account.owner.uid, account.owner.gid);
    await file.writeFile(`${secret}\n`);
  } finally {
    await file.close();
  }
}

async function ownBy(account: Account, path: string): Promise<void> {
  if (account.owner !== null) await chown(path, account.owner.uid, account.owner.gid);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
