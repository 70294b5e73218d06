// Owns the tests of the stream of live figures: one reader for all, none for nobody, bounded, and over when it is closed.
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { LiveFeed, type LiveFeedOptions } from '../../src/console/live.ts';
import type { Figures } from '../../src/telemetry/snapshot.ts';
import { until } from '../support/call.ts';

describe('the stream of live figures', () => {
  let reads = 0;
  let reading = 0;
  let mostReading = 0;
  let fails = false;
  const faults: unknown[] = [];
  let feed: LiveFeed;
  let server: Server;
  let accepted: boolean[] = [];

  const read = async (): Promise<Figures> => {
    reads += 1;
    reading += 1;
    mostReading = Math.max(mostReading, reading);
    await new Promise((resolve) => setImmediate(resolve));
    reading -= 1;
    if (fails) throw new Error('no figures');
    const requests = { labels: { worker: '1', state: 'CONFIRMED', reason: '' }, value: reads * 10 };
    return { at: reads * 1000, series: { holdfast_transactions_total: [requests] } };
  };

  async function serve(options: Partial<LiveFeedOptions> = {}): Promise<void> {
    feed = new LiveFeed({ read, onFault: (fault) => faults.push(fault), intervalMs: 5, ...options });
    server = createServer((request, response) => {
      // As where the other side's window is closed: what is written stays here.
      if (request.url === '/stuck') request.socket.cork();
      const isListening = feed.listen(response);
      accepted.push(isListening);
      if (!isListening) response.writeHead(503).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }

  const request = (path = '/') => {
    const { port } = server.address() as AddressInfo;
    return get({ port, path, host: '127.0.0.1', agent: false });
  };

  async function listen(): Promise<IncomingMessage> {
    const [response] = (await once(request(), 'response')) as [IncomingMessage];
    response.on('error', () => {});
    return response;
  }

  async function eventOf(response: IncomingMessage): Promise<Record<string, unknown>> {
    response.setEncoding('utf8');
    let text = '';
    response.on('data', (chunk: string) => {
      text += chunk;
    });
    await until('an event comes', async () => text.includes('data: '));
    const [, json = ''] = /^data: (.*)$/m.exec(text) ?? [];
    return JSON.parse(json) as Record<string, unknown>;
  }

  beforeEach(() => {
    reads = reading = mostReading = 0;
    fails = false;
    faults.length = 0;
    accepted = [];
  });
  afterEach(async () => {
    feed.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('has one reader for all who listen, and none while nobody does', async () => {
    await serve();
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(reads).to.equal(0);
    const listeners = [await listen(), await listen(), await listen()];
    expect(listeners[0]?.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
    for (const event of await Promise.all(listeners.map(eventOf))) expect(event.confirmsPerS).to.equal(10);
    expect(mostReading).to.equal(1);
    for (const listener of listeners) listener.destroy();
    await until('nobody listens', async () => feed.listeners === 0);
    const then = reads;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(reads).to.be.at.most(then + 1);
  });

  it('begins anew for whoever listens after a pause: no rate is told over the pause', async () => {
    await serve();
    const first = await listen();
    await eventOf(first);
    first.destroy();
    await until('nobody listens', async () => feed.listeners === 0);
    reads += 1000;
    const event = await eventOf(await listen());
    expect(event.confirmsPerS).to.equal(10);
  });

  it('takes no more listeners than it may, and others once some have gone', async () => {
    await serve({ mostListeners: 2 });
    const [one] = [await listen(), await listen()];
    expect((await listen()).statusCode).to.equal(503);
    one?.destroy();
    await until('one has gone', async () => feed.listeners === 1);
    expect((await listen()).statusCode).to.equal(200);
    expect(accepted).to.deep.equal([true, true, false, true]);
  });

  it('drops who does not read', async () => {
    await serve({ mostBehindBytes: 5000 });
    const stuck = request('/stuck');
    const [fault] = await Promise.all([once(stuck, 'error'), listen()]);
    expect(String(fault)).to.contain('hang up');
    await until('it is dropped', async () => feed.listeners === 1);
    expect(accepted).to.deep.equal([true, true]);
  });

  it('goes on where the figures cannot be read', async () => {
    await serve();
    fails = true;
    const listener = await listen();
    await until('it has failed', async () => faults.length > 1);
    fails = false;
    expect(await eventOf(listener)).to.have.property('requestsPerS', 0);
  });

  it('ends every stream when it is closed, and takes nobody any more', async () => {
    await serve();
    const listener = await listen();
    listener.resume();
    const over = once(listener, 'end');
    feed.close();
    await over;
    expect(feed.listeners).to.equal(0);
    expect((await listen()).statusCode).to.equal(503);
  });
});
