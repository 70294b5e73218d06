// Owns how the HTTP server begins to listen, and how it ends.
import type { AddressInfo } from 'node:net';
import { closeAllConnections, closeIdleConnections, type Server } from '../http/tls.ts';

/** @returns where it listens, as a caller on this machine would write it */
export function listen(server: Server, host: string, port: number, scheme: 'http' | 'https'): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      // A TCP server's address is never a string (a pipe's name) nor null while it listens.
      const { address, family, port: taken } = server.address() as AddressInfo;
      const reachable = address === '0.0.0.0' || address === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
      resolve(`${scheme}://${reachable}:${taken}`);
    });
  });
}

/** Idle connections go at once, busy ones with their answer, stuck ones when the time is up. */
export function closeServer(server: Server, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => closeAllConnections(server), withinMs);
    const nudge = setInterval(() => closeIdleConnections(server), 100);
    server.close(() => {
      clearTimeout(cut);
      clearInterval(nudge);
      resolve();
    });
    closeIdleConnections(server);
  });
}
