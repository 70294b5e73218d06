// Owns a coordinator as the harness has it: its process between its links, and its clock.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExitRecord } from '../record.ts';
import { type CoordinatorProcess, coordinatorProcess } from './coordinator-process.ts';
import { CLOCK_DELAY_MS, faketimeEnvironment, writeClock } from './faketime.ts';
import { fixedPort } from './fixed-port.ts';
import type { CoordinatorPort, Link } from './ports.ts';
import { type LinkProxy, startProxy } from './proxy.ts';
import type { UnderWay } from './under-way.ts';

export interface CoordinatorPlace {
  readonly index: number;
  readonly tree: string;
  /** Of the run. */
  readonly folder: string;
  readonly postgres: { readonly coordinatorUrl: string; readonly socketPath: string };
  readonly redisUrl: string;
  /** Null where its clock stays right. */
  readonly faketime: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly underWay: UnderWay;
  readonly onExit: (exit: ExitRecord) => void;
}

export interface CoordinatorParts {
  readonly name: string;
  readonly process: CoordinatorProcess;
  port(toParticipants: ReadonlyMap<string, Link>): CoordinatorPort;
  stop(): Promise<void>;
}

/** Makes its links and its place; does not start it. */
export async function prepareCoordinator(place: CoordinatorPlace): Promise<CoordinatorParts> {
  const { index, faketime, underWay } = place;
  const name = `coordinator-${index}`;
  const dataFolder = join(place.folder, name);
  await mkdir(dataFolder);
  const clockFile = join(place.folder, `${name}.clock`);
  await writeClock(clockFile, 0);
  const httpPort = await fixedPort();
  const toPostgres = await startProxy(`${name} → postgres`, { path: place.postgres.socketPath });
  const toRedis = await startProxy(`${name} → redis`, { port: Number(new URL(place.redisUrl).port) });
  const fromClients = await startProxy(`clients → ${name}`, { port: httpPort });
  const environment = {
    ...cleanEnvironment(),
    HOST: '127.0.0.1',
    PORT: String(httpPort),
    HOLDFAST_DATA_DIR: dataFolder,
    LOG_LEVEL: 'warn',
    HOLDFAST_PARTICIPANT_ALLOW: '127.0.0.0/8',
    ...settingsFor(place, toPostgres, toRedis),
    ...(faketime === null ? {} : faketimeEnvironment(faketime, clockFile)),
    ...place.environment,
  };
  const process = coordinatorProcess(place.tree, httpPort, environment, (exit) =>
    place.onExit({ type: 'exit', target: name, ...exit }),
  );
  return {
    name,
    process,
    port: (toParticipants) => ({
      index,
      name,
      url: `http://127.0.0.1:${fromClients.link.port}`,
      toPostgres: toPostgres.link,
      toRedis: toRedis.link,
      fromClients: fromClients.link,
      toParticipants,
      ...process,
      start: () => underWay.run(process.start),
      setClock: async (offByMs) => {
        if (faketime === null) throw new Error('the clocks of these coordinators cannot be set');
        await writeClock(clockFile, offByMs);
        if (process.pid() !== null) await delay(CLOCK_DELAY_MS);
      },
    }),
    stop: async () => {
      process.resume();
      await process.kill();
      await Promise.all([toPostgres.close(), toRedis.close(), fromClients.close()]);
    },
  };
}

/**
 * The coordinators name their keys in Redis after the host of their database, port included. So that all share one set of keys
 * although each has a proxy of its own, the port is not in the URL.
 */
function settingsFor(
  { postgres, redisUrl }: CoordinatorPlace,
  toPostgres: LinkProxy,
  toRedis: LinkProxy,
): Record<string, string> {
  const database = new URL(postgres.coordinatorUrl);
  const redis = new URL(redisUrl);
  redis.port = String(toRedis.link.port);
  return {
    DATABASE_URL: `postgres://${database.username}:${database.password}@127.0.0.1${database.pathname}`,
    PGPORT: String(toPostgres.link.port),
    REDIS_URL: redis.href,
  };
}

/** Nothing of the machine's settings leaks in. */
function cleanEnvironment(): Record<string, string> {
  const { PATH = '', HOME = '' } = globalThis.process.env;
  return { PATH, HOME };
}
