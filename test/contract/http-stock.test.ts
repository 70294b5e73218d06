// Stock over HTTP (contract, section 3), every answer held against the OpenAPI document.
import { expect } from 'chai';
import type { CountStockCommand } from '../../src/coordinator/command.ts';
import type { TransactionId } from '../../src/coordinator/model.ts';
import { HttpFixture } from '../support/http-fixture.ts';

const ID = '0193b0a4-7c1e-7d00-8000-0000000000b1';

describe('stock over HTTP', () => {
  const http = HttpFixture.forSuite();
  afterEach(() => http.expectNothingAtErrorLevel());

  it('records a movement with 201, the same again with 200, another under its id with 422', async () => {
    const body = { id: ID, sku: 'SKU-1', kind: 'RECEIVE', quantity: 5, reason: 'delivery' };
    const first = await http.call('POST', '/v1/stock/movements', body);
    expect(first.status).to.equal(201);
    expect(first.body).to.deep.equal({
      ...body,
      warehouse: 'default',
      at: '2026-11-22T08:00:00.000Z',
      stock: { warehouse: 'default', available: 5, reserved: 0, deducted: 0, version: 1 },
    });
    const again = await http.call('POST', '/v1/stock/movements', { ...body, warehouse: 'default' });
    expect([again.status, again.headers.get('idempotent-replayed')]).to.deep.equal([200, 'true']);
    await http.refused(422, 'idempotency-mismatch', 'POST', '/v1/stock/movements', { ...body, quantity: 6 });
    await http.refused(409, 'insufficient-stock', 'POST', '/v1/stock/movements', {
      sku: 'SKU-1',
      kind: 'WRITE_OFF',
      quantity: 6,
    });
    expect(
      (await http.call('POST', '/v1/stock/movements', { sku: 'SKU-1', kind: 'ADJUST', quantity: -2 })).body.stock.available,
    ).to.equal(3);
  });

  it('reads a SKU with the sums over its warehouses and an ETag, which If-None-Match may name', async () => {
    http.port.stockUp('a/b:c', 3);
    http.port.stockUp('a/b:c', 4, 'west');
    const answer = await http.call('GET', '/v1/stock/a%2Fb%3Ac');
    expect([answer.status, answer.body.sku, answer.body.available]).to.deep.equal([200, 'a/b:c', 7]);
    const etag = answer.headers.get('etag') ?? '';
    expect(etag).to.equal('"2-2"');
    expect((await http.call('GET', '/v1/stock/a%2Fb%3Ac', undefined, { headers: { 'if-none-match': etag } })).status).to.equal(
      304,
    );
    await http.refused(404, 'unknown-sku', 'GET', '/v1/stock/never');
    await http.refused(404, 'unknown-sku', 'GET', '/v1/stock/never/history');
  });

  it('sets stock, honouring If-Match', async () => {
    const made = await http.call('PUT', '/v1/stock/SKU-1', { available: 10 });
    const etag = made.headers.get('etag') ?? '';
    expect(
      (await http.call('PUT', '/v1/stock/SKU-1', { onHand: 12 }, { headers: { 'if-match': `"x", ${etag}` } })).status,
    ).to.equal(200);
    await http.refused(412, 'version-mismatch', 'PUT', '/v1/stock/SKU-1', { onHand: 1 }, { headers: { 'if-match': etag } });
    await http.refused(
      412,
      'version-mismatch',
      'PUT',
      '/v1/stock/SKU-1',
      { onHand: 1 },
      { headers: { 'if-match': `W/${etag}` } },
    );
    await http.refused(412, 'version-mismatch', 'PUT', '/v1/stock/SKU-2', { onHand: 1 }, { headers: { 'if-match': '*' } });
    await http.refused(400, 'invalid-request', 'PUT', '/v1/stock/SKU-1', { onHand: 1 }, { headers: { 'if-match': 'bare' } });
    await http.refused(400, 'invalid-request', 'PUT', '/v1/stock/SKU-1', { onHand: 1, available: 1 });
    await http.refused(400, 'invalid-request', 'PUT', '/v1/stock/SKU-1', {});
    expect((http.port.commands.at(-1) as CountStockCommand).ifMatch).to.equal('any');
  });

  it('lists by prefix and by name, in pages', async () => {
    for (const sku of ['A-1', 'A-2', 'A-3', 'B-1']) http.port.stockUp(sku, 1);
    const first = await http.call('GET', '/v1/stock?prefix=A-&limit=2');
    const second = await http.call('GET', `/v1/stock?prefix=A-&limit=2&cursor=${first.body.nextCursor}`);
    const skus = [...first.body.items, ...second.body.items].map((one: { sku: string }) => one.sku);
    expect(skus).to.deep.equal(['A-1', 'A-2', 'A-3']);
    expect(second.body.nextCursor).to.equal(null);
    const named = await http.call('GET', '/v1/stock?sku=B-1&sku=A-3');
    expect(named.body.items.map((one: { sku: string }) => one.sku)).to.deep.equal(['A-3', 'B-1']);
    const many = Array.from({ length: 200 }, (_, n) => `sku=${'%2F'.repeat(120)}${n}`).join('&');
    expect((await http.call('GET', `/v1/stock?${many}`)).status, '200 long names fit').to.equal(200);
    await http.refused(400, 'invalid-request', 'GET', `/v1/stock?${'sku=a&'.repeat(201)}`);
  });

  it('tells the story of a SKU in pages', async () => {
    for (const quantity of [1, 2, 3]) await http.call('POST', '/v1/stock/movements', { sku: 'SKU-1', kind: 'RECEIVE', quantity });
    const first = await http.call('GET', '/v1/stock/SKU-1/history?limit=2&warehouse=default');
    expect(first.body.items.map((one: { quantity: number }) => one.quantity)).to.deep.equal([3, 2]);
    const path = `/v1/stock/SKU-1/history?limit=2&cursor=${first.body.nextCursor}`;
    await http.refused(400, 'invalid-request', 'GET', path);
    expect((await http.call('GET', `${path}&warehouse=default`)).body.items).to.have.length(1);
  });

  it('tells of reservations with their moments as text', async () => {
    const at = Date.parse('2026-11-22T08:00:00.000Z');
    const transactionId = ID as TransactionId;
    const settled = {
      at,
      warehouse: 'default',
      kind: 'RESERVATION',
      quantity: 2,
      transactionId,
      state: 'DEDUCTED',
      deducted: 2,
      refunded: 0,
      settledAt: at + 1,
      transactionState: 'CONFIRMED',
    };
    http.port.story.push(settled, { ...settled, settledAt: null });
    const { body } = await http.call('GET', '/v1/stock/SKU-1/history');
    expect(body.items.map((one: { settledAt: string | null }) => one.settledAt)).to.deep.equal([
      '2026-11-22T08:00:00.001Z',
      null,
    ]);
  });

  it('refuses movements that make no sense', async () => {
    const good = { sku: 'SKU-1', kind: 'RECEIVE', quantity: 5 };
    const bad = [
      { ...good, quantity: 0 },
      { ...good, quantity: -1 },
      { ...good, kind: 'ADJUST', quantity: 0 },
      { ...good, kind: 'WRITE_OFF', quantity: -1 },
      { ...good, kind: 'receive' },
      { ...good, quantity: 1_000_000_001 },
      { ...good, sku: '..' },
      { ...good, warehouse: 'ünter' },
      { ...good, reason: 'x'.repeat(501) },
    ];
    for (const body of bad) await http.refused(400, 'invalid-request', 'POST', '/v1/stock/movements', body);
    expect(http.port.commands).to.deep.equal([]);
  });
});
