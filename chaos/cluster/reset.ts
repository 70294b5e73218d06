// Owns breaking off a connection of which nothing must be left.
import type { Socket } from 'node:net';

/**
 * Resets a connection: the other side sees an RST, as far as its kind of socket knows one.
 * A socket whose end is just being sent refuses a reset (EINVAL), and Node then leaves it open for good; that one is closed.
 */
export function breakOffSocket(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  // A unix socket knows no reset, and one that is still connecting has nobody to tell.
  if (isEnding || socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
