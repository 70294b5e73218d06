// What each call of the client sends.
import { expect } from 'chai';
import { HoldfastClient } from '../../src/client/index.ts';
import { errorOf } from '../support/error-of.ts';
import { answer, reset, ScriptedServer } from '../support/scripted-server.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7/;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a call of the client', () => {
  const server = ScriptedServer.forSuite();
  const client = (options = {}): HoldfastClient =>
    new HoldfastClient({ url: server.url, retry: { attempts: 2, initialMs: 1 }, ...options });
  const lines = (): string[] => server.seen.map(({ method, path }) => `${method} ${path}`);

  it('names its route, and encodes what stands in the path', async () => {
    const done = answer(200, { id: ID, state: 'CONFIRMED', items: [], sku: 'A', name: 'x' });
    server.script(...Array.from({ length: 12 }, () => done));
    const to = client();
    await to.confirm(ID);
    await to.confirm(ID, { items: [{ sku: 'A', quantity: 1 }] });
    await to.cancel(ID, { reason: 'gone' });
    await to.extend(ID, 60_000);
    await to.refund(ID, { items: [{ sku: 'A', quantity: 1 }] });
    await to.retry(ID);
    await to.resolve(ID, { branchId: ID, as: 'CONFIRMED', note: 'paid by hand' });
    await to.stock.get('a/b c');
    await to.stock.move({ sku: 'A', kind: 'RECEIVE', quantity: 1 });
    await to.participants.get('x/y');
    await to.participants.list().next();
    await to.participants.delete('x');
    expect(lines()).to.deep.equal([
      `POST /v1/transactions/${ID}/confirm`,
      `POST /v1/transactions/${ID}/confirm`,
      `POST /v1/transactions/${ID}/cancel`,
      `POST /v1/transactions/${ID}/extend`,
      `POST /v1/transactions/${ID}/refund`,
      `POST /v1/transactions/${ID}/retry`,
      `POST /v1/transactions/${ID}/resolve`,
      'GET /v1/stock/a%2Fb%20c',
      'POST /v1/stock/movements',
      'GET /v1/participants/x%2Fy',
      'GET /v1/participants',
      'DELETE /v1/participants/x',
    ]);
    const [whole, part, cancelled, extended, refunded, , resolved, , moved] = server.seen.map((seen) => seen.json);
    expect([whole, part, cancelled, extended, resolved]).to.deep.equal([
      {},
      { items: [{ sku: 'A', quantity: 1 }] },
      { reason: 'gone' },
      { timeoutMs: 60_000 },
      { branchId: ID, as: 'CONFIRMED', note: 'paid by hand' },
    ]);
    expect(refunded?.id).to.match(UUID7).and.not.equal(moved?.id);
    expect(moved?.id).to.match(UUID7);
  });

  it('refuses a name that would be another path', async () => {
    for (const name of ['', '.', '..']) {
      expect(await errorOf(client().get(name))).to.be.instanceOf(TypeError);
      expect(await errorOf(client().participants.delete(name))).to.be.instanceOf(TypeError);
    }
    expect(server.seen).to.have.length(0);
  });

  it('keeps the path and the id it was given', async () => {
    server.script(answer(201, { id: ID, state: 'TRIED' }));
    await client({ url: `${server.url}/shop/` }).try({ id: ID, items: [{ sku: 'A', quantity: 1 }] });
    expect(lines()).to.deep.equal(['POST /shop/v1/transactions']);
    expect(server.seen[0]?.json).to.deep.equal({ id: ID, items: [{ sku: 'A', quantity: 1 }] });
  });

  it('says what it prefers, and gives a 202 back as the transaction it is', async () => {
    server.script(answer(202, { id: ID, state: 'CONFIRMING' }), answer(200, { id: ID, state: 'CANCELLED' }));
    const confirming = await client().confirm(ID, {}, { waitSeconds: 2, return: 'minimal' });
    expect(confirming).to.deep.equal({ id: ID, state: 'CONFIRMING' });
    await client().cancel(ID);
    expect(server.seen.map((seen) => seen.headers.prefer)).to.deep.equal(['wait=2, return=minimal', undefined]);
  });

  it('carries the key and the trace, the call’s own before the client’s', async () => {
    const held = answer(200, { id: ID, state: 'TRIED' });
    server.script(...Array.from({ length: 4 }, () => held), reset, held);
    const own = `${TRACEPARENT.slice(0, -2)}00`;
    await client().get(ID);
    await client({ key: 'hk_1', traceparent: TRACEPARENT }).get(ID);
    await client({ traceparent: () => TRACEPARENT }).get(ID, { traceparent: own });
    await client({ traceparent: () => undefined }).get(ID);
    const tokens = ['token-1', 'token-2'];
    await client({ key: async () => tokens.shift() ?? 'none left' }).get(ID);
    const sent = server.seen.map(({ headers }) => [headers.authorization, headers.traceparent]);
    expect(sent).to.deep.equal([
      [undefined, undefined],
      ['Bearer hk_1', TRACEPARENT],
      [undefined, own],
      [undefined, undefined],
      ['Bearer token-1', undefined],
      ['Bearer token-2', undefined],
    ]);
  });

  it('never repeats a secret in an error', async () => {
    for (const url of ['http://user:s3cret@127.0.0.1/', 'nonsense s3cret', 'ftp://s3cret/']) {
      expect(() => new HoldfastClient({ url }))
        .to.throw(TypeError)
        .with.property('message')
        .not.include('s3cret');
    }
    const error = await errorOf(client({ key: 's3cret\nx' }).get(ID), TypeError);
    expect(error.message).to.not.include('s3cret');
    expect(server.seen).to.have.length(0);
  });

  it('uses the fetch it is given', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(String(input));
      return Response.json({ id: ID, state: 'TRIED' });
    };
    await client({ url: 'https://stock.example/api', fetch }).get(ID);
    expect(asked).to.deep.equal([`https://stock.example/api/v1/transactions/${ID}`]);
  });

  it('reads lists page by page, and no page before it is needed', async () => {
    const page = (ids: readonly string[], nextCursor: string | null) =>
      answer(200, { items: ids.map((id) => ({ id })), nextCursor });
    server.script(page(['1', '2'], 'c/1'), page([], 'c2'), page(['3'], null));
    const found: string[] = [];
    const since = new Date('2026-11-22T08:00:00Z');
    for await (const { id } of client().list({ state: 'TRIED', needsAttention: false, createdAfter: since, pageSize: 2 })) {
      found.push(id);
      expect(server.seen.length).to.equal(id === '3' ? 3 : 1);
    }
    expect(found).to.deep.equal(['1', '2', '3']);
    const fixed = '/v1/transactions?state=TRIED&needsAttention=false&createdAfter=2026-11-22T08%3A00%3A00.000Z&limit=2';
    expect(server.seen.map((seen) => seen.path)).to.deep.equal([fixed, `${fixed}&cursor=c%2F1`, `${fixed}&cursor=c2`]);
    server.script(page(['1', '2'], 'more'));
    for await (const _ of client().stock.list({ prefix: 'S', skus: ['A', 'B'] })) break;
    server.script(page([], null));
    for await (const _ of client().stock.history('a/b', { warehouse: 'north' }));
    expect(lines().slice(3)).to.deep.equal(['GET /v1/stock?prefix=S&sku=A&sku=B', 'GET /v1/stock/a%2Fb/history?warehouse=north']);
  });
});
