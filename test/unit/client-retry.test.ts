// The client's repeats: when it sends again, how long it waits, when it gives up, and what it throws then.
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { expect } from 'chai';
import { HoldfastClient, HoldfastError, HoldfastUnavailable } from '../../src/client/index.ts';
import { errorOf } from '../support/error-of.ts';
import { answer, breakOff, cutShort, hang, refuse, reset, ScriptedServer, type Step } from '../support/scripted-server.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const BASKET = { items: [{ sku: 'A', quantity: 1 }] };
const held: Step = (response, seen) => answer(201, { id: seen.json.id, state: 'TRIED' })(response, seen);
const RETRYABLE = { retryable: true };

describe('the client, when an answer is lost or put off', () => {
  const server = ScriptedServer.forSuite();
  const client = (retry = {}, options = {}): HoldfastClient =>
    new HoldfastClient({ url: server.url, retry: { attempts: 3, initialMs: 1, maxMs: 2, ...retry }, ...options });

  const passing: readonly (readonly [string, Step])[] = [
    ['a connection reset before the answer', reset],
    ['a connection broken in the answer', breakOff],
    ['half an answer', cutShort],
    ['503 overloaded', refuse(503, 'overloaded', RETRYABLE, { 'retry-after': '0' })],
    ['503 database-unavailable', refuse(503, 'database-unavailable', RETRYABLE)],
    ['500 internal-error', refuse(500, 'internal-error', RETRYABLE)],
    ['429 rate-limited', refuse(429, 'rate-limited', RETRYABLE)],
    ['409 that is retryable', refuse(409, 'invalid-transition', { ...RETRYABLE, state: 'TRYING' })],
    ['a proxy that has lost its coordinator', (response) => response.writeHead(502).end('<html>')],
  ];
  for (const [title, fault] of passing) {
    it(`sends the same again after ${title}`, async () => {
      server.script(fault, fault, held);
      const tried = await client().try(BASKET);
      const ids = server.seen.map((seen) => seen.json.id);
      expect(ids).to.deep.equal([tried.id, tried.id, tried.id]);
      expect(tried.id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    });
  }

  it('sends the same again after an attempt that hangs', async () => {
    server.script(hang, held);
    await client({ attemptTimeoutMs: 100 }).try(BASKET);
    expect(server.seen).to.have.length(2);
  });

  const final: readonly (readonly [string, Step])[] = [
    ['409 insufficient-stock', refuse(409, 'insufficient-stock', { shortages: [] })],
    ['400 invalid-request', refuse(400, 'invalid-request')],
    ['401 unauthenticated', refuse(401, 'unauthenticated')],
    ['a redirect', (response) => response.writeHead(307, { location: '/elsewhere' }).end()],
    ['a page where JSON should be', (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['JSON of another kind', answer(200, [1])],
  ];
  for (const [title, fault] of final) {
    it(`does not send again after ${title}`, async () => {
      server.script(fault, held);
      await errorOf(client().try(BASKET));
      expect(server.seen).to.have.length(1);
    });
  }

  it('gives up after its attempts, and says under which id to send again', async () => {
    server.script(reset, reset, reset, held);
    const error = await errorOf(client().try(BASKET), HoldfastUnavailable);
    expect(error).to.include({ attempts: 3, failure: 'connection', outcome: 'unknown', id: server.seen[0]?.json.id });
    expect(server.seen).to.have.length(3);
  });

  it('throws the problem itself where problems were all it got, and whether it may have taken effect', async () => {
    const overloaded = refuse(503, 'overloaded', RETRYABLE);
    server.script(overloaded, overloaded, overloaded, overloaded, reset, overloaded);
    expect(await errorOf(client().confirm(ID), HoldfastError)).to.include({
      code: 'overloaded',
      outcome: 'nothing-done',
      id: ID,
    });
    expect(await errorOf(client().confirm(ID), HoldfastError)).to.include({ code: 'overloaded', outcome: 'unknown' });
  });

  it('calls a server that is not there a broken connection', async () => {
    const tcp = createTcpServer().listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`;
    tcp.close();
    await once(tcp, 'close');
    const error = await errorOf(client({}, { url }).get(ID), HoldfastUnavailable);
    expect(error).to.include({ failure: 'connection', attempts: 3 });
  });

  it('takes another protocol for a broken connection', async () => {
    const tcp = createTcpServer((socket: Socket) => socket.on('error', () => {}).end('-ERR unknown command\r\n'));
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`;
    expect(await errorOf(client({}, { url }).get(ID), HoldfastUnavailable)).to.include({ failure: 'connection' });
    tcp.close();
  });

  it('waits as long as Retry-After says', async () => {
    server.script(refuse(503, 'overloaded', RETRYABLE, { 'retry-after': '1' }), held);
    await client().try(BASKET);
    const [first, second] = server.seen;
    expect((second?.at ?? 0) - (first?.at ?? 0)).to.be.within(990, 5_000);
  });

  it('does not wait at all where Retry-After is beyond its time', async () => {
    server.script(refuse(429, 'rate-limited', RETRYABLE, { 'retry-after': '3600' }), held);
    const error = await errorOf(client().try(BASKET, { timeoutMs: 5_000 }), HoldfastError);
    expect(error.code).to.equal('rate-limited');
    expect(server.seen).to.have.length(1);
  });

  it('ends at the time limit of the whole call', async () => {
    server.script(hang, hang, hang);
    const error = await errorOf(client({ attemptTimeoutMs: 60_000 }, { timeoutMs: 100 }).try(BASKET), HoldfastUnavailable);
    expect(error).to.include({ failure: 'timeout', attempts: 1 });
  });

  it('gives an attempt the time that it asks the coordinator to wait', async () => {
    server.script((response, seen) => {
      setTimeout(() => held(response, seen), 300);
    });
    await client({ attemptTimeoutMs: 100 }).try(BASKET, { waitSeconds: 1 });
    expect(server.seen.map((seen) => seen.headers.prefer)).to.deep.equal(['wait=1']);
  });

  it('ends at its signal, with its reason: before, within an attempt, and between two', async () => {
    const reason = new Error('the user has gone');
    expect(await errorOf(client().try(BASKET, { signal: AbortSignal.abort(reason) }))).to.equal(reason);
    expect(server.seen).to.have.length(0);
    const putOff = refuse(503, 'overloaded', RETRYABLE, { 'retry-after': '20' });
    for (const [step, attempts] of [
      [hang, 1],
      [hang, 2],
      [putOff, 2],
    ] as const) {
      server.script(step);
      const caller = new AbortController();
      const arrival = server.arrival();
      const failing = errorOf(client({ attempts }).try(BASKET, { signal: caller.signal }));
      await arrival;
      // One turn of the loop lets the answer, if there is one, reach the client first.
      setTimeout(() => caller.abort(reason), 50);
      expect(await failing).to.equal(reason);
    }
  });

  it('counts the time that its key takes, and sends nothing without one', async () => {
    const never = new Promise<string>(() => {});
    const hanging = client({ attempts: 2, attemptTimeoutMs: 30 }, { key: () => never });
    const unsent = { failure: 'timeout', attempts: 2, outcome: 'nothing-done' };
    expect(await errorOf(hanging.try(BASKET), HoldfastUnavailable)).to.include(unsent);
    const reason = new Error('the buyer left');
    const caller = new AbortController();
    const failing = errorOf(hanging.try(BASKET, { signal: caller.signal }));
    caller.abort(reason);
    expect(await failing).to.equal(reason);
    expect(server.seen).to.have.length(0);
  });

  it('does not take what had no key in time for what may have arrived', async () => {
    const keys = [new Promise<string>(() => {})];
    const late = client({ attemptTimeoutMs: 100 }, { key: () => keys.shift() ?? 'k' });
    server.script(refuse(409, 'insufficient-stock', { shortages: [] }));
    expect(await errorOf(late.try(BASKET), HoldfastError)).to.include({ outcome: 'nothing-done' });
    expect(server.seen).to.have.length(1);
  });

  it('does not repeat what no header can carry', async () => {
    for (const options of [{ traceparent: 'x\ny' }, { traceparent: 'a\u0000b' }]) {
      await errorOf(client().try(BASKET, options), TypeError);
    }
    expect(server.seen).to.have.length(0);
  });

  it('repeats what is absolute, and not what a repeat would be answered otherwise', async () => {
    const stock = answer(200, { sku: 'A' }, { etag: '"2"' });
    server.script(reset, stock);
    expect((await client().stock.count('A', { available: 1 })).etag).to.equal('"2"');
    server.script(reset);
    const ifMatch = '"1"';
    await errorOf(client().stock.count('A', { available: 1 }, { ifMatch }), HoldfastUnavailable);
    server.script(refuse(503, 'database-unavailable', RETRYABLE));
    await errorOf(client().stock.count('A', { available: 1 }, { ifMatch }), HoldfastError);
    server.script(refuse(503, 'overloaded', RETRYABLE), stock);
    await client().stock.count('A', { available: 1 }, { ifMatch });
    expect(server.seen.map((seen) => seen.headers['if-match'])).to.deep.equal([
      ...[undefined, undefined],
      ...['"1"', '"1"', '"1"', '"1"'],
    ]);
  });

  it('repeats an import of text, and never one of a stream', async () => {
    const report = answer(200, { accepted: 1, rejected: 0, errors: [] });
    const csv = 'sku,warehouse,available\nA,default,1\n';
    server.script(reset, report);
    await client().stock.import(csv, { format: 'csv' });
    server.script(report, reset, report);
    await client().stock.import(new Blob([csv]).stream(), { format: 'csv' });
    const streaming = client().stock.import(new Blob([csv]).stream(), { format: 'csv' });
    expect((await errorOf(streaming, HoldfastUnavailable)).attempts).to.equal(1);
    expect(server.seen.map((seen) => seen.text)).to.deep.equal([csv, csv, csv, csv]);
    expect(server.seen[0]?.headers['content-type']).to.equal('text/csv');
  });

  it('registers a participant again only where its secret cannot get lost', async () => {
    server.script(reset);
    await errorOf(client().participants.put('payment', { url: 'http://p' }), HoldfastUnavailable);
    server.script(reset, answer(200, { name: 'payment' }));
    await client().participants.put('payment', { url: 'http://p', secret: 'whsec_x' });
    expect(server.seen).to.have.length(3);
  });

  it('takes a participant that is gone after a lost answer for deleted', async () => {
    server.script(reset, refuse(404, 'unknown-participant'));
    await client().participants.delete('payment');
    server.script(refuse(404, 'unknown-participant'));
    expect(await errorOf(client().participants.delete('payment'), HoldfastError)).to.include({ code: 'unknown-participant' });
  });
});
