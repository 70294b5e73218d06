// Owns from where a request comes: an IPv4 address that arrives dressed as one of IPv6 is told as what it is.
import type { IncomingMessage } from 'node:http';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export function addressOf(request: IncomingMessage): string {
  const address = request.socket.remoteAddress ?? 'unknown';
  return MAPPED.exec(address)?.[1] ?? address;
}
