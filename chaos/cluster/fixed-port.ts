// Owns ports that stay somebody's while nobody listens on them: a killed process comes back to its own.
import { createServer } from 'node:net';

/** Below where operating systems take the ports of outgoing connections from (Linux from 32768, others from 49152). */
const LOWEST = 12_000;
const HIGHEST = 30_000;
const TRIES = 200;

/** Handed out before by this process: nobody may be listening there yet. */
const taken = new Set<number>();

/** @returns a port on the loopback that nobody listens on and no outgoing connection will be given */
export async function fixedPort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new Error(`none of ${TRIES} ports between ${LOWEST} and ${HIGHEST} was free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
