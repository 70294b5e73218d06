// Transactions over HTTP (contract, section 4), every answer held against the OpenAPI document.
import { expect } from 'chai';
import type { TryCommand } from '../../src/coordinator/command.ts';
import type { TransactionId } from '../../src/coordinator/model.ts';
import { HttpFixture } from '../support/http-fixture.ts';
import { blank, refuse } from '../support/port-fake.ts';

const ID = '0193b0a4-7c1e-7d00-8000-000000000001';
const ITEMS = [{ sku: 'SKU-1', quantity: 2 }];

describe('transactions over HTTP', () => {
  const http = HttpFixture.forSuite();
  beforeEach(() => http.port.stockUp('SKU-1', 10));
  afterEach(() => http.expectNothingAtErrorLevel());

  it('answers a Try with 201, the transaction and where it stands', async () => {
    const answer = await http.call('POST', '/v1/transactions', {
      id: ID,
      items: ITEMS,
      reference: 'order-1',
      metadata: { a: 1 },
    });
    expect(answer.status).to.equal(201);
    expect(answer.headers.get('location')).to.equal(`/v1/transactions/${ID}`);
    expect(answer.headers.has('idempotent-replayed')).to.equal(false);
    expect(answer.headers.has('x-powered-by')).to.equal(false);
    expect(answer.headers.has('etag')).to.equal(false);
    expect(answer.headers.get('x-content-type-options')).to.equal('nosniff');
    expect(answer.body).to.deep.equal({
      ...{ id: ID, state: 'TRIED', reason: null, note: null, needsAttention: false },
      items: [{ sku: 'SKU-1', warehouse: 'default', quantity: 2, state: 'RESERVED', deducted: 0, refunded: 0 }],
      ...{ branches: [], reference: 'order-1', metadata: { a: 1 } },
      createdAt: '2026-11-22T08:00:00.000Z',
      expiresAt: '2026-11-22T08:15:00.000Z',
      updatedAt: '2026-11-22T08:00:00.000Z',
    });
  });

  it('makes an id of version 7 where none is given, and never calls that a replay', async () => {
    const first = await http.call('POST', '/v1/transactions', { items: ITEMS });
    const second = await http.call('POST', '/v1/transactions', { items: ITEMS });
    expect([first.status, second.status]).to.deep.equal([201, 201]);
    expect(first.body.id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(second.body.id > first.body.id).to.equal(true);
    expect(http.port.commands.map((command) => (command as TryCommand).idGiven)).to.deep.equal([false, false]);
  });

  it('answers the same content again with 200 and Idempotent-Replayed, other content with 422', async () => {
    const key = { headers: { 'Idempotency-Key': 'order 17, first try' } };
    const first = await http.call(
      'POST',
      '/v1/transactions',
      { items: [...ITEMS, { sku: 'SKU-1', quantity: 1 }], metadata: { b: 1, a: 2 } },
      key,
    );
    const again = { timeoutMs: 900_000, metadata: { a: 2, b: 1 }, items: [{ warehouse: 'default', sku: 'SKU-1', quantity: 3 }] };
    const second = await http.call('POST', '/v1/transactions', again, key);
    expect([first.status, second.status, second.headers.get('idempotent-replayed')]).to.deep.equal([201, 200, 'true']);
    expect(second.body).to.deep.equal(first.body);
    await http.refused(422, 'idempotency-mismatch', 'POST', '/v1/transactions', { items: ITEMS }, key);
  });

  it('takes the id of the body before the key, a UUID key as it is, and both without regard to case', async () => {
    const headers = { 'Idempotency-Key': '0193B0A4-7C1E-7D00-8000-00000000000F' };
    const byKey = await http.call('POST', '/v1/transactions', { items: ITEMS }, { headers });
    const byBody = await http.call('POST', '/v1/transactions', { id: ID.toUpperCase(), items: ITEMS }, { headers });
    expect([byKey.body.id, byBody.body.id]).to.deep.equal(['0193b0a4-7c1e-7d00-8000-00000000000f', ID]);
    expect((await http.call('GET', `/v1/transactions/${ID.toUpperCase()}`)).body.id).to.equal(ID);
  });

  it('answers a refusal for lack of stock with the shortages, and again the same as a replay', async () => {
    const body = { id: ID, items: [{ sku: 'SKU-1', quantity: 11 }] };
    const first = await http.refused(409, 'insufficient-stock', 'POST', '/v1/transactions', body);
    expect(first.body.shortages).to.deep.equal([{ sku: 'SKU-1', warehouse: 'default', requested: 11, available: 10 }]);
    const again = await http.refused(409, 'insufficient-stock', 'POST', '/v1/transactions', body);
    expect(again.headers.get('idempotent-replayed')).to.equal('true');
  });

  it('refuses branches while no participant is registered, and a basket of nothing', async () => {
    const branches = [{ participant: 'payment', payload: { amount: 1 } }];
    await http.refused(422, 'unknown-participant', 'POST', '/v1/transactions', { items: ITEMS, branches });
    await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', { items: [], branches: [] });
    await http.refused(400, 'invalid-request', 'POST', '/v1/transactions', {});
    await http.refused(422, 'unknown-sku', 'POST', '/v1/transactions', { items: [{ sku: 'nowhere', quantity: 1 }] });
    expect(http.port.commands).to.have.length(2);
  });

  it('follows Prefer: return=minimal and says so; Prefer: wait is taken without harm', async () => {
    const headers = { Prefer: 'wait=2, return=minimal' };
    const tried = await http.call('POST', '/v1/transactions', { id: ID, items: ITEMS }, { headers });
    expect(tried.body).to.deep.equal({ id: ID, state: 'TRIED' });
    expect(tried.headers.get('preference-applied')).to.equal('return=minimal');
    const confirmed = await http.call('POST', `/v1/transactions/${ID}/confirm`, undefined, { headers });
    expect(confirmed.body).to.deep.equal({ id: ID, state: 'CONFIRMED' });
    expect((await http.call('GET', `/v1/transactions/${ID}`, undefined, { headers: { Prefer: 'wait=5' } })).status).to.equal(200);
  });

  it('confirms, cancels, extends and refunds, without a body or with one', async () => {
    await http.call('POST', '/v1/transactions', { id: ID, items: ITEMS });
    expect((await http.call('POST', `/v1/transactions/${ID}/extend`, { timeoutMs: 1000 })).status).to.equal(200);
    expect((await http.call('POST', `/v1/transactions/${ID}/confirm`, { items: ITEMS })).body.state).to.equal('CONFIRMED');
    expect((await http.call('POST', `/v1/transactions/${ID}/confirm`)).body.state).to.equal('CONFIRMED');
    expect((await http.call('POST', `/v1/transactions/${ID}/refund`)).status).to.equal(200);
    const keyed = { headers: { 'Idempotency-Key': 'refund-1' } };
    expect((await http.call('POST', `/v1/transactions/${ID}/refund`, { items: ITEMS, reason: 'broken' }, keyed)).status).to.equal(
      200,
    );
    await http.refused(400, 'invalid-request', 'POST', `/v1/transactions/${ID}/refund`, { items: ITEMS });
    const wrong = await http.refused(409, 'invalid-transition', 'POST', `/v1/transactions/${ID}/cancel`, { reason: 'too late' });
    expect(wrong.body.state).to.equal('CONFIRMED');
    const kinds = http.port.commands.map((command) => command.kind);
    expect(kinds).to.deep.equal(['try', 'extend', 'confirm', 'confirm', 'refund', 'refund', 'cancel']);
  });

  it('cancels an id never seen, and refuses the Try that comes after', async () => {
    const cancelled = await http.call('POST', `/v1/transactions/${ID}/cancel`, { reason: 'changed my mind — 気が変わった' });
    expect([cancelled.body.state, cancelled.body.reason]).to.deep.equal(['CANCELLED', 'cancelled-before-try']);
    expect(cancelled.body.note).to.equal('changed my mind — 気が変わった');
    await http.refused(409, 'transaction-cancelled', 'POST', '/v1/transactions', { id: ID, items: ITEMS });
    await http.refused(404, 'unknown-transaction', 'POST', '/v1/transactions/0193b0a4-7c1e-7d00-8000-0000000000aa/confirm');
    await http.refused(404, 'unknown-transaction', 'GET', '/v1/transactions/0193b0a4-7c1e-7d00-8000-0000000000aa');
  });

  it('answers 202 with Retry-After while branches are under way', async () => {
    for (const [path, state] of [
      ['', 'TRYING'],
      [`/${ID}/confirm`, 'CONFIRMING'],
      [`/${ID}/cancel`, 'CANCELLING'],
    ] as const) {
      http.port.intercept = () => ({ ok: true, replayed: false, transaction: blank(ID as TransactionId, state) });
      const answer = await http.call('POST', `/v1/transactions${path}`, path === '' ? { id: ID, items: ITEMS } : undefined, {
        headers: { Prefer: 'wait=0' },
      });
      expect([answer.status, answer.body.state, answer.headers.get('retry-after')]).to.deep.equal([202, state, '1']);
    }
  });

  it('passes on every refusal the heart may give, with its status', async () => {
    const refusals = [
      ['participant-refused', 409],
      ['quantity-exceeded', 409],
      ['reservation-expired', 410],
      ['overloaded', 503],
      ['database-unavailable', 503],
    ] as const;
    for (const [code, status] of refusals) {
      http.port.intercept = () => refuse(code);
      const path = code === 'quantity-exceeded' ? `/v1/transactions/${ID}/confirm` : '/v1/transactions';
      const answer = await http.refused(status, code, 'POST', path, { items: ITEMS });
      expect(answer.body.retryable).to.equal(status === 503);
    }
  });

  it('keeps a metadata key named __proto__ as a key, polluting nothing', async () => {
    const raw = `{"id":"${ID}","items":[{"sku":"SKU-1","quantity":1}],"metadata":{"__proto__":{"polluted":true},"constructor":{"prototype":1}}}`;
    const answer = await http.call('POST', '/v1/transactions', undefined, {
      raw,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).to.equal(201);
    expect(JSON.stringify(answer.body.metadata)).to.equal('{"__proto__":{"polluted":true},"constructor":{"prototype":1}}');
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  it('lists in pages, and takes a cursor back only from the same list and filter', async () => {
    for (let n = 0; n < 5; n += 1) await http.call('POST', '/v1/transactions', { items: [{ sku: 'SKU-1', quantity: 1 }] });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await http.call('GET', `/v1/transactions?state=TRIED&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.body.items.map((one: { id: string }) => one.id));
      cursor = page.body.nextCursor;
      if (seen.length === 2) {
        await http.refused(400, 'invalid-request', 'GET', `/v1/transactions?state=TRYING&limit=2&cursor=${cursor}`);
        await http.refused(400, 'invalid-request', 'GET', `/v1/stock?cursor=${cursor}`);
      }
    } while (cursor !== null);
    expect(new Set(seen).size).to.equal(5);
    const filter =
      'sku=SKU-1&reference=a%20b&needsAttention=false&createdAfter=2026-11-22T08:00:00Z&createdBefore=2026-11-22T09:00:00%2B01:00';
    expect((await http.call('GET', `/v1/transactions?${filter}`)).status).to.equal(200);
  });

  it('answers HEAD where it answers GET, without a body', async () => {
    await http.call('POST', '/v1/transactions', { id: ID, items: ITEMS });
    const answer = await http.call('HEAD', `/v1/transactions/${ID}`);
    expect([answer.status, answer.body]).to.deep.equal([200, undefined]);
    expect(Number(answer.headers.get('content-length'))).to.be.greaterThan(100);
  });
});
