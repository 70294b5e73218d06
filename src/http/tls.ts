// Owns TLS on the server's side: what it is made of, how it is renewed under way, and the end of connections that never got through
// their handshake.
import type { Server as PlainServer } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

export type Server = PlainServer | TlsServer;

/** What TLS is made of, in PEM form. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Who signs the certificates of clients; null where none is asked for. */
  readonly clientCa: string | null;
}

/** Mozilla's `intermediate`: forward secrecy and authenticated encryption, also for TLS 1.2. */
const CIPHERS = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  ...['ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
].join(':');

/** For node's HTTPS server, and for its setSecureContext. */
export function tlsOptions({ cert, key, clientCa }: TlsFiles) {
  const common = { cert, key, minVersion: 'TLSv1.2', ciphers: CIPHERS } as const;
  return clientCa === null ? common : { ...common, ca: clientCa, requestCert: true, rejectUnauthorized: true };
}

/** New connections get the new certificate; those that are open go on. */
export function renewTls(server: Server, tls: TlsFiles): void {
  if ('setSecureContext' in server) server.setSecureContext(tlsOptions(tls));
}

/** Connections that are not through their handshake, by whom they are from: node's own list begins with its end. */
const unfinished = new WeakMap<Server, Map<string, Socket>>();

export function watchHandshakes(server: Server): void {
  const open = new Map<string, Socket>();
  unfinished.set(server, open);
  server.on('connection', (socket: Socket) => {
    const from = placeOf(socket);
    open.set(from, socket);
    socket.once('close', () => open.get(from) === socket && open.delete(from));
  });
  // Its socket is another than the one before, from the same place.
  server.on('secureConnection', (socket: Socket) => open.delete(placeOf(socket)));
}

function placeOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Those that no request is under way on. */
export function closeIdleConnections(server: Server): void {
  server.closeIdleConnections();
  closeUnfinished(server);
}

export function closeAllConnections(server: Server): void {
  server.closeAllConnections();
  closeUnfinished(server);
}

function closeUnfinished(server: Server): void {
  for (const socket of unfinished.get(server)?.values() ?? []) socket.destroy();
}
