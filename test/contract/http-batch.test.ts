// Batches over HTTP: each operation stands alone (contract, section 4).
import { expect } from 'chai';
import { DatabaseUnavailable } from '../../src/coordinator/queries.ts';
import { HttpFixture } from '../support/http-fixture.ts';

const idOf = (n: number) => `0193b0a4-7c1e-7d00-8000-${String(n).padStart(12, '0')}`;
const ITEMS = [{ sku: 'SKU-1', quantity: 1 }];

describe('batches over HTTP', () => {
  const http = HttpFixture.forSuite();
  beforeEach(() => http.port.stockUp('SKU-1', 10));

  it('answers each operation in order, the bad ones alone with a problem', async () => {
    const operations = [
      { op: 'try', id: idOf(1), items: ITEMS },
      { op: 'confirm', id: idOf(1) },
      { op: 'try', id: idOf(2), items: [{ sku: 'SKU-1', quantity: 'two' }] },
      { op: 'try', id: idOf(3), items: [{ sku: 'SKU-1', quantity: 99 }] },
      { op: 'cancel', id: idOf(4), reason: 'never mind' },
      { op: 'refund', id: idOf(1) },
      { op: 'confirm' },
      { op: 'confirm', id: idOf(5), extra: 1 },
      null,
      ['try'],
      { op: 'try', items: ITEMS, branches: [{ participant: 'payment' }] },
      { op: 'try', id: idOf(1), items: ITEMS },
    ];
    const answer = await http.call('POST', '/v1/batch', { operations });
    const results: { status: number; replayed: boolean; body: { code?: string; state?: string; traceId?: string } }[] =
      answer.body.results;
    expect(results.map((one) => [one.status, one.body.code ?? one.body.state])).to.deep.equal([
      [201, 'TRIED'],
      [200, 'CONFIRMED'],
      [400, 'invalid-request'],
      [409, 'insufficient-stock'],
      [200, 'CANCELLED'],
      [400, 'invalid-request'],
      [400, 'invalid-request'],
      [400, 'invalid-request'],
      [400, 'invalid-request'],
      [400, 'invalid-request'],
      [422, 'unknown-participant'],
      [200, 'CONFIRMED'],
    ]);
    expect(results.map((one) => one.replayed).lastIndexOf(true)).to.equal(11);
    expect(results[2]?.body.traceId).to.match(/^[0-9a-f]{32}$/);
    http.expectNothingAtErrorLevel();
  });

  it('follows Prefer: return=minimal for each result; a problem stays whole', async () => {
    const operations = [
      { op: 'try', id: idOf(1), items: ITEMS },
      { op: 'confirm', id: idOf(2) },
    ];
    const answer = await http.call('POST', '/v1/batch', { operations }, { headers: { prefer: 'return=minimal' } });
    expect(answer.headers.get('preference-applied')).to.equal('return=minimal');
    expect(answer.body.results[0].body).to.deep.equal({ id: idOf(1), state: 'TRIED' });
    expect(answer.body.results[1].body.code).to.equal('unknown-transaction');
  });

  it('takes 1 to 1,000 operations, in a body beyond 1 MiB too', async () => {
    await http.refused(400, 'invalid-request', 'POST', '/v1/batch', { operations: [] });
    await http.refused(400, 'invalid-request', 'POST', '/v1/batch', {});
    await http.refused(400, 'invalid-request', 'POST', '/v1/batch', { operations: Array.from({ length: 1001 }, () => 1) });
    await http.refused(400, 'invalid-request', 'POST', '/v1/batch', { operations: [1], id: 1 });
    const metadata = { text: 'x'.repeat(4000) };
    const operations = Array.from({ length: 1000 }, (_, n) => ({ op: 'try', id: idOf(n), items: ITEMS, metadata }));
    const answer = await http.call('POST', '/v1/batch', { operations });
    const statuses = answer.body.results.map((one: { status: number }) => one.status);
    expect(statuses).to.deep.equal(Array.from({ length: 1000 }, () => 201));
  });

  it('keeps the answers of the others where one operation fails unforeseen', async () => {
    http.port.intercept = (command) => {
      if (command.kind !== 'cancel') return null;
      throw command.id === idOf(8) ? new Error('boom') : new DatabaseUnavailable(null);
    };
    const operations = [
      { op: 'cancel', id: idOf(8) },
      { op: 'cancel', id: idOf(9) },
      { op: 'try', id: idOf(1), items: ITEMS },
    ];
    const answer = await http.call('POST', '/v1/batch', { operations });
    expect(answer.body.results.map((one: { status: number }) => one.status)).to.deep.equal([500, 503, 201]);
    const errors = http.logged.filter((line) => line.level >= 50);
    expect(errors.map((line) => line.traceId)).to.deep.equal([answer.body.results[0].body.traceId]);
  });
});
