// Owns the life of one instance: settings, embedded servers, schema, processes; and its orderly end.
import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { isLoopbackHost, LOOPBACK } from '../addresses.ts';
import { type Config, ConfigError, readConfig } from '../config.ts';
import { FolderInUse } from '../embedded/folder-lock.ts';
import { type EmbeddedServers, startEmbedded } from '../embedded/servers.ts';
import { DatabaseUnreachable, migrate, SchemaMismatch } from '../ledger/migrate.ts';
import { withSecretFiles } from '../secret-files.ts';
import { SETTINGS } from '../settings.ts';
import { visible } from '../shown.ts';
import { sendingFigures } from '../telemetry/otlp.ts';
import { startTracing, type Tracing } from '../telemetry/tracing.ts';
import { NotSafe, proveSafe } from './access.ts';
import { banner } from './banner.ts';
import { CertificateFault } from './certificates.ts';
import { endProcess } from './ending.ts';
import { type HttpProcess, startHttpProcess } from './http-process.ts';
import { createLog } from './log.ts';
import { throttled } from './throttled.ts';
import { type ServingMessage, SLOT, startWorkers, WorkerEnded, workerEnvironment } from './workers.ts';

/** The contract promises an end within 10 s of the first signal. */
const END_WITHIN_MS = 9500;
/** A server that is not down by then is killed; what it acknowledged is safe. */
const LEAST_STOP_MS = 500;

/**
 * Runs a coordinator until it is told to stop; sets the process's exit code.
 * @param given the settings
 */
export async function serve(given: NodeJS.ProcessEnv): Promise<void> {
  const settings = readSettingsOrExplain(given);
  if (settings === null) return;
  const { config, env } = settings;
  const log = createLog(config.logLevel);
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'a fault that nobody caught; the process ends, and what was acknowledged is safe');
    process.exit(1);
  });
  try {
    if (cluster.isWorker) await runWorker(config, env, log);
    else await runPrimary(config, env, log);
  } catch (error) {
    explain(error, log);
    process.exitCode = 1;
    process.exit();
  }
}

async function runWorker(config: Config, env: NodeJS.ProcessEnv, log: Logger): Promise<void> {
  if (config.databaseUrl === null) throw new Error('a worker needs the DATABASE_URL of its primary');
  const tracing = await tracingOf(env, log);
  const running = await startHttpProcess(
    config,
    config.databaseUrl,
    config.redisUrl,
    log,
    Number(env[SLOT]),
    tracing,
    sendingFigures(env),
  );
  const message: ServingMessage = { serving: running.url, isGuarded: running.isGuarded };
  process.send?.(message);
  onSignal(log, () => running.drain());
  // Without its primary nobody would end or replace this worker.
  process.once('disconnect', () => void running.drain().finally(() => endProcess(0)));
}

async function runPrimary(config: Config, env: NodeJS.ProcessEnv, log: Logger): Promise<void> {
  const starting = startInstance(config, env, log);
  // From the first moment: a signal during the start waits for it, so that it leaves no server behind.
  let draining = false;
  onSignal(log, async () => {
    draining = true;
    const started = await starting.catch(() => null);
    await started?.drain();
  });
  const { url, isGuarded } = await starting;
  if (!draining) process.stdout.write(`\n${banner(url, isGuarded)}\n`);
}

async function startInstance(config: Config, env: NodeJS.ProcessEnv, log: Logger): Promise<HttpProcess> {
  const servers = await startEmbedded({
    dataDir: config.dataDir,
    needPostgres: config.databaseUrl === null,
    needRedis: config.redisUrl === null,
    log,
  });
  try {
    const { drain, ...serving } = await startServing(config, env, servers, log);
    return { ...serving, drain: () => drainThenStop(drain, servers) };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

/** What the requests in flight did not need of the promised time is the servers'. */
async function drainThenStop(drain: () => Promise<void>, servers: EmbeddedServers): Promise<void> {
  const startedAt = performance.now();
  try {
    await drain();
  } finally {
    await servers.stop(Math.max(LEAST_STOP_MS, END_WITHIN_MS - LEAST_STOP_MS - (performance.now() - startedAt)));
  }
}

async function startServing(config: Config, env: NodeJS.ProcessEnv, servers: EmbeddedServers, log: Logger): Promise<HttpProcess> {
  const databaseUrl = config.databaseUrl ?? servers.databaseUrl;
  const redisUrl = config.redisUrl ?? servers.redisUrl;
  if (databaseUrl === null) throw new Error('there is no database: DATABASE_URL is not set and none was started');
  const migrations = await migrateAll(config, databaseUrl);
  if (migrations.length > 0) log.info({ migrations }, 'the schema was brought up to date');
  // Before anything else is begun, and once for all processes.
  await proveSafe(config, databaseUrl);
  const participantAllow = allowanceOf(config);
  if (config.workers === 1) {
    const tracing = await tracingOf(env, log);
    return startHttpProcess({ ...config, participantAllow }, databaseUrl, redisUrl, log, null, tracing, sendingFigures(env));
  }
  const allowance = { [SETTINGS.participantAllow.name]: participantAllow ?? '' };
  return startWorkers(config.workers, { ...workerEnvironment(env, databaseUrl, redisUrl), ...allowance }, log);
}

/** Where there is a login for migrations, the coordinator's own must find the same schema, and may not be able to change it. */
async function migrateAll(config: Config, databaseUrl: string): Promise<readonly string[]> {
  const owned = config.migrateDatabaseUrl === null ? [] : await migrate(config.migrateDatabaseUrl, config.databaseTimeoutMs);
  return [...owned, ...(await migrate(databaseUrl, config.databaseTimeoutMs))];
}

/** A quickstart's participants stand beside it. Where anything is set to be reached from elsewhere, that is for somebody to say. */
function allowanceOf({ participantAllow, databaseUrl, host }: Config): string | null {
  if (databaseUrl !== null || !isLoopbackHost(host)) return participantAllow;
  return [participantAllow, ...LOOPBACK].filter((entry) => entry !== null).join();
}

/** A collector that is away is worth a line now and then, and harms nobody. */
function tracingOf(env: NodeJS.ProcessEnv, log: Logger): Promise<Tracing | null> {
  const warn = throttled((details, message) => log.warn(details, message));
  return startTracing(env, (fault) => warn({ fault }, 'spans are not handed on as they should be'));
}

/** The first SIGTERM or SIGINT drains; further ones change nothing. Exit code 0, within the promised time. */
function onSignal(log: Logger, drain: () => Promise<void>): void {
  let begun = false;
  const handle = (signal: NodeJS.Signals): void => {
    if (begun) return;
    begun = true;
    log.info({ signal }, 'draining: no new requests, those in flight are finished');
    setTimeout(() => endProcess(0), END_WITHIN_MS).unref();
    drain().then(
      () => endProcess(0),
      (err: unknown) => {
        log.error({ err }, 'the drain failed');
        endProcess(1);
      },
    );
  };
  process.on('SIGTERM', handle);
  process.on('SIGINT', handle);
}

/** @returns the settings, and the environment with what stood in files; null where it was said what is wrong with them */
function readSettingsOrExplain(given: NodeJS.ProcessEnv): { readonly config: Config; readonly env: NodeJS.ProcessEnv } | null {
  try {
    const env = withSecretFiles(given);
    return { config: readConfig(env), env };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
    return null;
  }
}

const FORESEEN = [NotSafe, CertificateFault, FolderInUse, SchemaMismatch, DatabaseUnreachable, WorkerEnded];

/** What an operator can mend is told in one plain sentence; what we did not foresee, with its stack. */
function explain(error: unknown, log: Logger): void {
  if (FORESEEN.some((kind) => error instanceof kind) && error instanceof Error)
    process.stderr.write(`holdfast: ${visible(error.message)}\n`);
  else if (isListenFault(error)) process.stderr.write(`holdfast: cannot listen: ${visible(error.message)}\n`);
  else log.fatal({ err: error }, 'the start failed');
}

/** In a worker, it is the primary that binds. */
function isListenFault(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && (error.syscall === 'listen' || error.syscall === 'bind');
}
