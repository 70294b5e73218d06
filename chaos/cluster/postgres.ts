// Owns the PostgreSQL of a run: durable, with few connections, and open to what the faults do to it.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startPostgres, type TestServer } from '../../test/support/servers.ts';
import { exhaust } from './connections.ts';
import type { PostgresPort } from './ports.ts';
import type { SmallDisk } from './small-disk.ts';
import { chaosStatement } from './statement.ts';
import type { UnderWay } from './under-way.ts';

/** Five coordinators have 13 connections each; what is reserved is for the participants and the checks. */
const SETTINGS = { fsync: 'on', max_connections: '130', superuser_reserved_connections: '45' };
const ANSWER_LIMIT_MS = 10_000;
const ASK_LIMIT_MS = 2_000;

export interface Postgres {
  readonly port: PostgresPort;
  /** As whom the coordinators come: not as a superuser. Its host is the socket's folder. */
  readonly coordinatorUrl: string;
  /** The path of the socket that it listens on. */
  readonly socketPath: string;
  /** Ends it and removes its folder, whatever is under way. */
  stop(): Promise<void>;
}

export async function startPostgresForChaos(folder: string, disk: SmallDisk | null, underWay: UnderWay): Promise<Postgres> {
  const server = await startPostgres(SETTINGS, null, { folder: disk?.folder ?? folder });
  try {
    for (const name of ['make_coordinator_role.sql', 'share_password.sql', 'give_database.sql'])
      await ask(server.url, chaosStatement(name));
  } catch (error) {
    await server.stop();
    throw error;
  }
  const url = new URL(server.url);
  url.username = 'coordinator';
  return {
    port: portOf(server, url.href, disk, underWay),
    coordinatorUrl: url.href,
    socketPath: `${decodeURIComponent(url.hostname)}/.s.PGSQL.${url.port}`,
    stop: server.stop,
  };
}

function portOf(server: TestServer, coordinatorUrl: string, disk: SmallDisk | null, underWay: UnderWay): PostgresPort {
  const endBackends = async (): Promise<number> => {
    const [row] = await ask(server.url, chaosStatement('end_coordinator_backends.sql'));
    return Number(row?.ended ?? 0);
  };
  return {
    url: server.url,
    restart: () => underWay.run(server.restart),
    kill: () => underWay.run(server.kill),
    start: () => underWay.run(async () => (server.isRunning() ? undefined : server.restart())),
    pause: server.pause,
    resume: server.resume,
    killBackends: () => underWay.run(endBackends),
    exhaustConnections: () => underWay.run(() => exhaust(coordinatorUrl, endBackends)),
    fillDisk:
      disk === null
        ? null
        : () =>
            underWay.run(async () => {
              await disk.fill();
              return () => underWay.run(() => recover(server, disk));
            }),
  };
}

/** A log that could not be written ends PostgreSQL, and a full disk lets it not come up again; a plain full table does neither. */
async function recover(server: TestServer, disk: SmallDisk): Promise<void> {
  await disk.empty();
  const deadline = performance.now() + ANSWER_LIMIT_MS;
  while (server.isRunning() && performance.now() < deadline) {
    if (await answers(server.url)) return;
    await delay(100);
  }
  await server.restart();
}

async function answers(url: string): Promise<boolean> {
  return ask(url, 'SELECT').then(
    () => true,
    () => false,
  );
}

async function ask(url: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: ASK_LIMIT_MS,
    query_timeout: ASK_LIMIT_MS,
    application_name: 'chaos',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
