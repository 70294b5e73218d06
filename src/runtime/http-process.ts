// Owns one HTTP process: it builds the lane, the ledger, the timers and the server, and takes them down in the order that
// loses nothing.
import { createHash } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { BATCHES_UNDER_WAY, Lane } from '../coordinator/lane.ts';
import { LedgerFault } from '../coordinator/ledger.ts';
import { createApp, type Readiness } from '../http/app.ts';
import { createHttpServer } from '../http/server.ts';
import { PostgresLedger } from '../ledger/ledger.ts';
import { Pool } from '../ledger/pool.ts';
import { PostgresQueries } from '../ledger/queries.ts';
import { Deadlines } from '../timers/deadlines.ts';
import { Sweep } from '../timers/sweep.ts';
import { throttled } from './throttled.ts';

export interface HttpProcess {
  /** Where it listens, as a caller on this machine would write it. */
  readonly url: string;
  /** Stops accepting, finishes what is in flight, and lets go of everything. May be called again; it happens once. */
  drain(): Promise<void>;
}

/**
 * Starts serving. The schema must be up to date already.
 * @throws where the port cannot be listened on
 */
export async function startHttpProcess(
  config: Config,
  databaseUrl: string,
  redisUrl: string | null,
  log: Logger,
): Promise<HttpProcess> {
  const warn = throttled((details, message) => log.warn(details, message));
  const poolOptions = {
    databaseUrl,
    timeoutMs: config.databaseTimeoutMs,
    onFault: (err: unknown) => warn({ err }, 'a database connection broke'),
  };
  const ledger = new PostgresLedger({ ...poolOptions, size: BATCHES_UNDER_WAY, applicationName: 'holdfast lane' });
  const readPool = new Pool({ ...poolOptions, size: config.poolSize, applicationName: 'holdfast reads' });
  const queries = new PostgresQueries(readPool);
  // The sweep and the probes have a connection of their own: callers' long lists must not hold up releases.
  const innerPool = new Pool({ ...poolOptions, size: 1, applicationName: 'holdfast sweep' });
  const inner = new PostgresQueries(innerPool);

  let deadlines: Deadlines | null = null;
  const lane = new Lane(ledger, {
    queueLimit: config.queueLimit,
    batchLimit: config.batchLimit,
    patienceMs: config.databaseTimeoutMs,
    onDeadlines: (due, now) => deadlines?.arm(due, now),
    onFault: (err, commands) => {
      if (err instanceof LedgerFault && err.kind !== 'unexpected') warn({ err, commands }, 'a batch is settled again');
      else log.error({ err, commands }, 'a batch failed unforeseen');
    },
  });
  const sweep = new Sweep({
    coordinator: lane,
    due: (limit, after) => inner.dueTransactions(limit, after),
    intervalMs: config.sweepIntervalMs,
    onFault: (err) => warn({ err }, 'a sweep failed; the next one goes on'),
  });
  if (redisUrl !== null) {
    const onFault = (err: unknown): void => warn({ err }, 'Redis does not answer; deadlines are kept by the sweep alone');
    deadlines = new Deadlines({ redisUrl, prefix: prefixOf(databaseUrl), onDue: () => sweep.wake(), onFault });
  }

  let draining = false;
  const readiness = async (): Promise<Readiness> => {
    const [postgres, redis] = await Promise.all([
      answersWithin(PROBE_MS, inner.ping()),
      deadlines === null ? ('off' as const) : answersWithin(PROBE_MS, deadlines.ping()),
    ]);
    return { postgres, redis };
  };
  const app = createApp({ coordinator: lane, queries, readiness, log, isDraining: () => draining });
  const server = createHttpServer(app, config);
  const url = await listen(server, config.host, config.port);
  sweep.start();

  const takeDown = async (): Promise<void> => {
    draining = true;
    // Side by side: a stuck client and a hung Redis must not add up.
    await Promise.all([closeServer(server, config.drainTimeoutMs), sweep.stop(), deadlines?.stop()]);
    await lane.close();
    await Promise.allSettled([ledger.end(), readPool.end(), innerPool.end()]);
  };
  let drained: Promise<void> | null = null;
  return {
    url,
    drain: () => {
      drained ??= takeDown();
      return drained;
    },
  };
}

/** Whoever probes wants to know within its own second or so, also where a server hangs. */
const PROBE_MS = 1000;

function answersWithin(ms: number, question: Promise<unknown>): Promise<'up' | 'down'> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve('down'), ms);
    const answered = (answer: 'up' | 'down'): void => {
      clearTimeout(late);
      resolve(answer);
    };
    question.then(
      () => answered('up'),
      () => answered('down'),
    );
  });
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      // A TCP server's address is never a string (a pipe's name) nor null while it listens.
      const { address, family, port: taken } = server.address() as AddressInfo;
      const reachable = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
      resolve(`http://${reachable}:${taken}`);
    });
  });
}

/** Idle connections go at once, busy ones with their answer, stuck ones when the time is up. */
function closeServer(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), withinMs);
    const nudge = setInterval(() => server.closeIdleConnections(), 100);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(nudge);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Deployments that share a Redis server must not wake each other's sweeps: the database tells them apart. */
function prefixOf(databaseUrl: string): string {
  const { host, pathname, search } = new URL(databaseUrl);
  return `holdfast-${createHash('sha256').update(`${host}${pathname}${search}`).digest('hex').slice(0, 12)}`;
}
