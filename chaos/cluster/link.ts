// Owns one link between two parts of the system: the connections that go over it, and what its trouble does to them.
import { connect, type Socket } from 'node:net';
import type { LinkTrouble } from './ports.ts';
import { type Pump, startPump } from './pump.ts';
import { breakOffSocket } from './reset.ts';

/** Where connections lead: a port of the loopback, or the path of a unix socket. */
export type Upstream = { readonly port: number } | { readonly path: string };

/** A link without its listener. */
export interface LinkBody {
  /** Carries a connection from now on. Its data must not have been read. */
  accept(caller: Socket): void;
  trouble(kind: LinkTrouble | null): void;
  reset(): void;
  /** How many connections it carries. */
  open(): number;
  /** Ends every connection at once. */
  close(): void;
}

interface Connection {
  adjust(): void;
  /** Both sides see a reset. */
  breakOff(): void;
  readonly hasLostReplies: () => boolean;
}

export function makeLink(upstream: Upstream): LinkBody {
  let trouble: LinkTrouble | null = null;
  const connections = new Set<Connection>();
  const breakOffAll = (): void => {
    for (const connection of [...connections]) connection.breakOff();
  };
  return {
    accept: (caller) => {
      caller.on('error', () => {});
      if (trouble?.kind === 'refuse') {
        breakOffSocket(caller);
        return;
      }
      const connection = carry(
        caller,
        upstream,
        () => trouble,
        () => connections.delete(connection),
      );
      connections.add(connection);
      connection.adjust();
    },
    trouble: (kind) => {
      const before = trouble;
      trouble = kind;
      if (kind?.kind === 'refuse') breakOffAll();
      // Whoever waits for a lost reply on an open connection would wait for ever.
      if (before?.kind === 'lose-replies' && kind?.kind !== 'lose-replies')
        for (const connection of [...connections]) if (connection.hasLostReplies()) connection.breakOff();
      for (const connection of [...connections]) connection.adjust();
    },
    reset: breakOffAll,
    open: () => connections.size,
    close: breakOffAll,
  };
}

/** Nothing happens before the first adjust(). While the link is cut, a new connection leads nowhere and neither side hears of an end. */
function carry(caller: Socket, upstream: Upstream, trouble: () => LinkTrouble | null, onClosed: () => void): Connection {
  let callee: Socket | null = null;
  let pumps: readonly Pump[] = [];
  let hasLost = false;
  let isBroken = false;
  let isOver = false;
  const breakOff = (): void => {
    if (isOver) return;
    isOver = true;
    for (const pump of pumps) pump.stop();
    breakOffSocket(caller);
    if (callee !== null) breakOffSocket(callee);
    onClosed();
  };
  const onBroken = (): void => {
    isBroken = true;
    if (trouble()?.kind !== 'cut' && trouble()?.kind !== 'lose-replies') breakOff();
    else if (trouble()?.kind === 'lose-replies') hasLost = true;
  };
  const onClose = (): void => {
    if (!caller.destroyed || (callee !== null && !callee.destroyed) || isOver) return;
    isOver = true;
    for (const pump of pumps) pump.stop();
    onClosed();
  };
  caller.on('error', onBroken).on('close', onClose).setNoDelay(true);
  const begin = (): void => {
    const socket = connect({ ...('port' in upstream ? { ...upstream, host: '127.0.0.1' } : upstream), allowHalfOpen: true });
    callee = socket;
    socket.on('error', onBroken).on('close', onClose).setNoDelay(true);
    pumps = [
      startPump({ from: caller, to: socket, trouble, onLost: null }),
      startPump({ from: socket, to: caller, trouble, onLost: () => (hasLost = true) }),
    ];
  };
  return {
    breakOff,
    hasLostReplies: () => hasLost,
    adjust: () => {
      if (isOver || trouble()?.kind === 'cut') {
        for (const pump of pumps) pump.adjust();
        return;
      }
      if (isBroken && trouble()?.kind !== 'lose-replies') breakOff();
      else if (callee === null) begin();
      else for (const pump of pumps) pump.adjust();
    },
  };
}
