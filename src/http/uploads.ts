// Owns the list of connections on which a long upload is under way: the server's request timeout leaves them alone, since a body
// of any length may take any time as long as it keeps moving.
import type { Socket } from 'node:net';

const underWay = new WeakSet<object>();

export function beginLongUpload(socket: Socket): void {
  underWay.add(socket);
}

export function endLongUpload(socket: Socket): void {
  underWay.delete(socket);
}

export function isLongUpload(socket: object): boolean {
  return underWay.has(socket);
}
