// Owns the address of a caller, in the one form in which it is counted, logged and audited.
import { isIP, isIPv6 } from 'node:net';
import type { Request } from 'express';

const UNKNOWN = 'unknown';
const MAPPED = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/;

/**
 * Where a request comes from: its connection, or, where that is a trusted proxy's, what the last untrusted hop of X-Forwarded-For is.
 * @returns an IP address; `unknown` where the connection is gone already
 */
export function addressOf(request: Request): string {
  const { remoteAddress } = request.socket;
  // Express would read the header first, and then not use it.
  if (request.app.get('trust proxy') === false) return plainAddress(remoteAddress ?? '') ?? UNKNOWN;
  // A proxy that passes on what it was sent, without adding to it, may bring anything here.
  return plainAddress(request.ip ?? '') ?? plainAddress(remoteAddress ?? '') ?? UNKNOWN;
}

/**
 * @param text an address as it came: perhaps with a port, a zone, in capitals or IPv4 within IPv6
 * @returns null where it is none
 */
export function plainAddress(text: string): string | null {
  const address = withoutPort(text).split('%', 1)[0] ?? '';
  if (isIP(address) === 0) return null;
  if (!isIPv6(address)) return address;
  // It shortens and lowers.
  const short = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, dotted, high, low] = MAPPED.exec(short) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return short;
  const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}

/** Some proxies add it. */
function withoutPort(text: string): string {
  return /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text;
}
