// Owns the listeners of links: one link behind a port, or several, told apart by who calls.
import { createServer, type Server, type Socket } from 'node:net';
import { type LinkBody, makeLink, type Upstream } from './link.ts';
import type { Link } from './ports.ts';
import { breakOffSocket } from './reset.ts';

export interface LinkProxy {
  readonly link: Link;
  /** How many connections it carries. */
  open(): number;
  close(): Promise<void>;
}

/** Starts one link on a free port of the loopback. */
export async function startProxy(name: string, upstream: Upstream): Promise<LinkProxy> {
  const body = makeLink(upstream);
  const listener = await listen((caller) => body.accept(caller));
  return {
    link: toLink(name, listener.port, body),
    open: body.open,
    close: async () => {
      await listener.close();
      body.close();
    },
  };
}

export interface SharedProxy {
  readonly port: number;
  /** By caller. */
  readonly links: readonly Link[];
  close(): Promise<void>;
}

/**
 * Starts one port that several callers use, with a link of its own for each.
 * @param names of the links
 * @param whoCalls which link a connection belongs to; null where nobody knows, and then it is reset. Its data waits until then
 */
export async function startSharedProxy(
  names: readonly string[],
  upstream: Upstream,
  whoCalls: (caller: Socket) => Promise<number | null>,
): Promise<SharedProxy> {
  const bodies = names.map(() => makeLink(upstream));
  const unknown = new Set<Socket>();
  const place = async (caller: Socket): Promise<void> => {
    caller.on('error', () => {});
    unknown.add(caller);
    const index = await whoCalls(caller).catch(() => null);
    unknown.delete(caller);
    const body = index === null ? undefined : bodies[index];
    if (body === undefined) breakOffSocket(caller);
    else if (!caller.destroyed) body.accept(caller);
  };
  const listener = await listen((caller) => void place(caller));
  return {
    port: listener.port,
    links: bodies.map((body, index) => toLink(names[index] ?? '', listener.port, body)),
    close: async () => {
      await listener.close();
      for (const caller of unknown) caller.destroy();
      for (const body of bodies) body.close();
    },
  };
}

function toLink(name: string, port: number, { trouble, reset }: LinkBody): Link {
  return { name, port, trouble, reset };
}

interface Listener {
  readonly port: number;
  /** Takes no more connections; does not wait for those there are. */
  close(): Promise<void>;
}

async function listen(onConnection: (caller: Socket) => void): Promise<Listener> {
  const server: Server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.on('error', () => {});
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the operating system gave a proxy no port');
  return {
    port: address.port,
    close: async () => {
      server.close();
    },
  };
}
