// Owns the HTTP processes of one instance where there are several (WORKERS): they share the port by node's cluster module.
// The primary process serves nobody; it replaces a worker that dies and ends them all.
import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { fileNameOf, SECRET_NAMES } from '../secret-files.ts';
import { SETTINGS } from '../settings.ts';
import { gatherForWorkers } from './gather.ts';
import type { HttpProcess } from './http-process.ts';

/** Under this name a worker finds in its environment which of them it is, from 1; its replacement has the same. */
export const SLOT = 'WORKER_SLOT';

/** What a worker tells the primary once it serves. */
export interface ServingMessage {
  readonly serving: string;
  readonly isGuarded: boolean;
}

/** One ended before it served, and has said why. */
export class WorkerEnded extends Error {
  constructor(why: string) {
    super(`a worker ended with ${why} before it served`);
    this.name = 'WorkerEnded';
  }
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
/** One that served this long before it died is replaced without a pause. */
const STEADY_MS = 10_000;

/**
 * What a worker gets besides its primary's environment, with every secret resolved; a name that is undefined it does not get at all. It
 * migrates nothing, so it has no use for the owner's login.
 */
export function workerEnvironment(env: NodeJS.ProcessEnv, databaseUrl: string, redisUrl: string | null): NodeJS.ProcessEnv {
  const { databaseUrl: database, redisUrl: redis, migrateDatabaseUrl } = SETTINGS;
  return {
    ...env,
    // Read by the primary, once.
    ...Object.fromEntries(SECRET_NAMES.map((name) => [fileNameOf(name), undefined])),
    [migrateDatabaseUrl.name]: undefined,
    [database.name]: databaseUrl,
    ...(redisUrl === null ? {} : { [redis.name]: redisUrl }),
  };
}

/**
 * Forks the workers and resolves when all of them serve.
 * @param env what they get besides this process's own environment
 * @throws WorkerEnded where one dies before it serves
 */
export async function startWorkers(count: number, env: NodeJS.ProcessEnv, log: Logger): Promise<HttpProcess> {
  let draining = false;
  let pauseMs = FIRST_PAUSE_MS;
  const replace = (worker: Worker, slot: number, startedAt: number): void => {
    worker.once('exit', (code, signal) => {
      if (draining) return;
      if (performance.now() - startedAt > STEADY_MS) pauseMs = FIRST_PAUSE_MS;
      log.error({ pid: worker.process.pid, code, signal, pauseMs }, 'a worker died; it is replaced');
      setTimeout(() => draining || replace(fork(slot), slot, performance.now()), pauseMs);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    });
  };
  const fork = (slot: number): Worker => cluster.fork({ ...env, [SLOT]: String(slot) });
  gatherForWorkers();
  const first = Array.from({ length: count }, (_, index) => fork(index + 1));
  const urls = await Promise.all(first.map(serving)).catch(async (error: unknown) => {
    // None may outlive a failed start, nor complain that its primary is gone.
    await Promise.all(first.map(end));
    throw error;
  });
  for (const [index, worker] of first.entries()) replace(worker, index + 1, performance.now());
  return {
    url: urls[0]?.serving ?? '',
    isGuarded: urls[0]?.isGuarded ?? false,
    drain: async () => {
      draining = true;
      await Promise.all(Object.values(cluster.workers ?? {}).map((worker) => (worker === undefined ? undefined : end(worker))));
    },
  };
}

function serving(worker: Worker): Promise<ServingMessage> {
  return new Promise((resolve, reject) => {
    worker.once('message', (message: ServingMessage) => resolve(message));
    worker.once('exit', (code, signal) => reject(new WorkerEnded(signal ?? `code ${code}`)));
  });
}

function end(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    if (worker.isDead()) return resolve();
    worker.once('exit', () => resolve());
    worker.process.kill('SIGTERM');
  });
}
