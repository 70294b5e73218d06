// Owns taking every connection that PostgreSQL grants to those who are not superusers.
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

const AT_A_TIME = 8;
/** Coordinators come back at once; after so many rounds those that still got in may stay. */
const ROUNDS = 30;
/** A connection that was ended keeps its place until its process is gone. */
const PAUSE_MS = 20;
const CONNECT_LIMIT_MS = 5_000;
const TOO_MANY_CONNECTIONS = '53300';

/**
 * @param endBackends ends the coordinators' connections, and says how many there were
 * @returns gives them back
 */
export async function exhaust(url: string, endBackends: () => Promise<number>): Promise<() => Promise<void>> {
  const held = new Set<pg.Client>();
  const giveBack = async (): Promise<void> => {
    await Promise.all([...held].map((client) => client.end().catch(() => undefined)));
    held.clear();
  };
  /** @returns how many there still were */
  const takeAll = async (): Promise<number> => {
    const before = held.size;
    for (;;) {
      const taken = await Promise.all(Array.from({ length: AT_A_TIME }, () => take(url)));
      for (const client of taken) if (client !== null) held.add(client);
      if (taken.includes(null)) return held.size - before;
    }
  };
  try {
    await takeAll();
    for (let round = 0; round < ROUNDS; round += 1) {
      const ended = await endBackends();
      await delay(PAUSE_MS);
      const taken = await takeAll();
      if (ended === 0 && taken === 0) break;
    }
  } catch (error) {
    await giveBack();
    throw error;
  }
  return giveBack;
}

/** @returns null where there are no more */
async function take(url: string): Promise<pg.Client | null> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    application_name: 'chaos holder',
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    if (error instanceof Error && 'code' in error && error.code === TOO_MANY_CONNECTIONS) return null;
    throw error;
  }
}
