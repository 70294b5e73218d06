// Owns the proof of the troubles of links: what gets through, what waits, what breaks, and that healing is whole.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import type { LinkTrouble } from '../../chaos/cluster/ports.ts';
import { type LinkProxy, startProxy, startSharedProxy } from '../../chaos/cluster/proxy.ts';
import { breakOffSocket } from '../../chaos/cluster/reset.ts';
import { makeFolderForTheRun } from '../support/folder.ts';

interface Caller {
  readonly socket: Socket;
  send(text: string): void;
  heard(): string;
  /** Resolves once so much was heard in all. */
  hears(text: string): Promise<void>;
  /** The code of the error that ended it; null where it ended in order. */
  ended(): Promise<string | null>;
}

describe('a link', () => {
  let echo: Server;
  let proxy: LinkProxy;
  let received = '';
  const upstreams = new Set<Socket>();
  const callers = new Set<Socket>();

  beforeEach(async () => {
    received = '';
    echo = createServer({ allowHalfOpen: true }, (socket) => {
      upstreams.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => upstreams.delete(socket));
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1');
      });
      socket.pipe(socket);
    });
    proxy = await startProxy('caller → echo', { port: await listen(echo, 0) });
  });

  afterEach(async () => {
    for (const socket of callers) socket.destroy();
    callers.clear();
    await proxy.close();
    for (const socket of upstreams) socket.destroy();
    await new Promise((resolve) => echo.close(resolve));
  });

  function call(port = proxy.link.port): Caller {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    callers.add(socket);
    let text = '';
    let code: string | null = null;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    return {
      socket,
      send: (more) => void socket.write(more),
      heard: () => text,
      hears: (wanted) => until(() => text === wanted, `the caller heard ${JSON.stringify(text.slice(0, 80))}`),
      ended: () => closed.then(() => code),
    };
  }

  const trouble = (kind: LinkTrouble | null): void => proxy.link.trouble(kind);

  it('passes on bytes in order, much more than a buffer holds, and both ends', async () => {
    const caller = call();
    const much = 'abcdefghij'.repeat(400_000);
    caller.socket.end(much);
    expect(await caller.ended()).to.equal(null);
    expect(caller.heard() === much).to.equal(true);
    await until(() => proxy.open() === 0, 'the connection was kept');
  });

  it('holds back a fast caller while the other side does not read', async () => {
    const caller = call();
    caller.send('x');
    await caller.hears('x');
    for (const socket of upstreams) socket.pause();
    caller.socket.pause();
    let written = 0;
    while (written < 200 && caller.socket.writableLength < 4_000_000) {
      caller.socket.write(Buffer.alloc(1_000_000));
      written += 1;
      await delay(2);
    }
    expect(written).to.be.lessThan(200);
    caller.socket.destroy();
  });

  it('lets nothing through while it is cut, and all of it in order when it heals', async () => {
    const caller = call();
    caller.send('1');
    await caller.hears('1');
    trouble({ kind: 'cut' });
    caller.send('2');
    for (const socket of upstreams) socket.write('!');
    const late = call();
    late.send('late');
    await delay(150);
    expect([received, caller.heard(), late.heard()]).to.deep.equal(['1', '1', '']);
    expect(late.socket.destroyed).to.equal(false);
    trouble(null);
    await until(() => caller.heard() === '1!2', 'what waited was lost');
    await late.hears('late');
  });

  it('tells neither side of an end while it is cut', async () => {
    const caller = call();
    caller.send('1');
    await caller.hears('1');
    trouble({ kind: 'cut' });
    for (const socket of upstreams) socket.resetAndDestroy();
    await delay(100);
    expect(caller.socket.destroyed || caller.socket.readableEnded).to.equal(false);
    trouble(null);
    caller.send('2');
    expect(await caller.ended()).to.equal('ECONNRESET');
  });

  it('refuses: open connections are reset, and new ones too', async () => {
    const open = call();
    open.send('1');
    await open.hears('1');
    trouble({ kind: 'refuse' });
    expect(await open.ended()).to.equal('ECONNRESET');
    const fresh = call();
    expect(await fresh.ended()).to.equal('ECONNRESET');
    expect(received).to.equal('1');
    await until(() => upstreams.size === 0, 'the other side was not told');
    trouble(null);
    const later = call();
    later.send('2');
    await later.hears('2');
  });

  it('loses replies: requests arrive, and healing resets those whose replies were lost', async () => {
    const asking = call();
    const idle = call();
    idle.send('i');
    await idle.hears('i');
    asking.send('1');
    await asking.hears('1');
    received = '';
    trouble({ kind: 'lose-replies' });
    asking.send('2');
    await until(() => received === '2', 'the request did not arrive');
    await delay(50);
    expect(asking.heard()).to.equal('1');
    expect(asking.socket.destroyed).to.equal(false);
    trouble(null);
    expect(await asking.ended()).to.equal('ECONNRESET');
    idle.send('j');
    await idle.hears('ij');
  });

  it('delays every piece, and keeps their order', async () => {
    const caller = call();
    caller.send('0');
    await caller.hears('0');
    trouble({ kind: 'delay', delayMs: 60, jitterMs: 50 });
    const sentAt = performance.now();
    for (let piece = 1; piece < 10; piece += 1) {
      caller.send(String(piece));
      await delay(5);
    }
    await caller.hears('0123456789');
    // Least, both ways: 60 − 50 each. The most of nine draws is far above that.
    expect(performance.now() - sentAt).to.be.greaterThan(45 + 20);
    trouble(null);
    const healedAt = performance.now();
    caller.send('!');
    await caller.hears('0123456789!');
    expect(performance.now() - healedAt).to.be.lessThan(1_000);
  });

  it('throttles to so many bytes a second', async () => {
    const caller = call();
    trouble({ kind: 'throttle', bytesPerSecond: 20_000 });
    const sentAt = performance.now();
    caller.send('x'.repeat(10_000));
    await until(() => caller.heard().length === 10_000, 'it never came');
    expect(performance.now() - sentAt).to.be.within(400, 2_500);
    trouble(null);
    caller.send('y'.repeat(1_000_000));
    await until(() => caller.heard().length === 1_010_000, 'it stayed slow');
  });

  it('resets what is open, once', async () => {
    const caller = call();
    caller.send('1');
    await caller.hears('1');
    proxy.link.reset();
    expect(await caller.ended()).to.equal('ECONNRESET');
    const next = call();
    next.send('2');
    await next.hears('2');
  });

  it('breaks the caller off where nobody listens at the other end, and where it dies', async () => {
    const nobody = await startProxy('caller → nobody', { path: '/nowhere/at/all' });
    expect(await call(nobody.link.port).ended()).to.equal('ECONNRESET');
    await nobody.close();
    const caller = call();
    caller.send('1');
    await caller.hears('1');
    for (const socket of upstreams) socket.resetAndDestroy();
    expect(await caller.ended()).to.equal('ECONNRESET');
    await until(() => proxy.open() === 0, 'the connection was kept');
  });

  it('leads to a unix socket as well', async () => {
    const path = join(await makeFolderForTheRun(), 'socket');
    const other = createServer((socket) => socket.pipe(socket)).listen(path);
    await once(other, 'listening');
    const toSocket = await startProxy('caller → socket', { path });
    const caller = call(toSocket.link.port);
    caller.socket.end('through');
    expect(await caller.ended()).to.equal(null);
    expect(caller.heard()).to.equal('through');
    await toSocket.close();
    other.close();
  });

  it('shares a port by who calls, and holds what comes before that is known', async () => {
    const callsFrom: (number | null)[] = [0, 1, null];
    const { port } = echo.address() as { port: number };
    const shared = await startSharedProxy(['a', 'b'], { port }, async () => {
      await delay(20);
      return callsFrom.shift() ?? null;
    });
    const [first, second, stranger] = [call(shared.port), call(shared.port), call(shared.port)];
    for (const each of [first, second, stranger]) each.send('hello');
    await Promise.all([first.hears('hello'), second.hears('hello')]);
    expect(await stranger.ended()).to.equal('ECONNRESET');
    shared.links[0]?.trouble({ kind: 'cut' });
    first.send('1');
    second.send('2');
    await second.hears('hello2');
    await delay(50);
    expect(first.heard()).to.equal('hello');
    await shared.close();
  });

  it('leaves nothing open of a socket whose end is just being sent', async () => {
    const port = (echo.address() as { port: number }).port;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let code: string | null = null;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    await once(socket, 'connect');
    socket.write('x');
    socket.end();
    breakOffSocket(socket);
    await until(() => upstreams.size === 0, 'the other side still has it');
    expect(code).to.equal(null);
  });
});

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
}

async function until(isSo: () => boolean, otherwise: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(otherwise);
    await delay(2);
  }
}
