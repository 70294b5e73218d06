// Owns one story told over the whole API, on a real coordinator with its own PostgreSQL and Redis: every answer is held to
// /openapi.json, and every status to the contract.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type Asker, askerOf, type Body } from '../support/asker.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

describe('the contract, told as one story', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let coordinator: CoordinatorProcess;
  let asker: Asker;

  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: redis.url } });
    asker = await askerOf(coordinator);
  });

  after(async () => {
    await coordinator.stop();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const ask: Asker['ask'] = (line, expected, asked) => asker.ask(line, expected, asked);

  it('stocks, counts, imports and tells what became of it', async () => {
    const movement = { id: randomUUID(), sku: 'S/1', kind: 'RECEIVE', quantity: 10, reason: 'first delivery' };
    await ask('POST /v1/stock/movements', '201', { body: movement });
    await ask('POST /v1/stock/movements', '200', { body: movement });
    expect(asker.header('idempotent-replayed')).to.equal('true');
    await ask('POST /v1/stock/movements', '422 idempotency-mismatch', { body: { ...movement, quantity: 11 } });
    await ask('POST /v1/stock/movements', '409 insufficient-stock', { body: { sku: 'S/1', kind: 'WRITE_OFF', quantity: 11 } });
    await ask('GET /v1/stock/S%2F1', '200');
    const tag = asker.header('etag') ?? '';
    await ask('PUT /v1/stock/S%2F1', '200', { body: { available: 8 }, headers: { 'if-match': tag } });
    await ask('PUT /v1/stock/S%2F1', '412 version-mismatch', { body: { available: 9 }, headers: { 'if-match': tag } });
    await ask('PUT /v1/stock/S%2F1', '200', { body: { onHand: 20, reason: 'counted again' } });
    const csv = 'sku,warehouse,available\nS2,north,5\nS3,default,-1\n"S4",default,7\n';
    const imported = await ask('POST /v1/stock/import', '200', { body: csv, type: 'text/csv' });
    expect(imported).to.deep.include({ accepted: 2, rejected: 1 });
    expect(imported.errors).to.have.nested.property('[0].line', 3);
    const page = await ask('GET /v1/stock?limit=2', '200');
    const rest = await ask(`GET /v1/stock?limit=2&cursor=${String(page.nextCursor)}`, '200');
    expect([...(page.items as Body[]), ...(rest.items as Body[])].map((row) => row.sku)).to.deep.equal(['S/1', 'S2', 'S4']);
    const history = await ask('GET /v1/stock/S%2F1/history', '200');
    expect((history.items as Body[]).map((entry) => [entry.kind, entry.quantity])).to.deep.equal([
      ['ADJUST', 12],
      ['ADJUST', -2],
      ['RECEIVE', 10],
    ]);
    await ask('GET /v1/stock/never', '404 unknown-sku');
  });

  it('tries, confirms in part, refunds, and answers every repeat as the contract has it', async () => {
    const id = randomUUID();
    const basket = {
      id,
      items: [
        { sku: 'S/1', quantity: 3 },
        { sku: 'S4', quantity: 2 },
      ],
      reference: 'order 1',
      metadata: { a: 1 },
    };
    await ask('POST /v1/transactions', '201', { body: basket });
    expect(asker.header('location')).to.equal(`/v1/transactions/${id}`);
    await ask('POST /v1/transactions', '200', { body: basket });
    await ask('POST /v1/transactions', '422 idempotency-mismatch', { body: { ...basket, reference: 'order 2' } });
    await ask(`POST /v1/transactions/${id}/extend`, '200', { body: { timeoutMs: 60_000 } });
    await ask(`POST /v1/transactions/${id}/refund`, '409 invalid-transition', { body: {} });
    await ask(`POST /v1/transactions/${id}/confirm`, '409 quantity-exceeded', { body: { items: [{ sku: 'S4', quantity: 3 }] } });
    const part = { items: [{ sku: 'S/1', quantity: 2 }] };
    const confirmed = await ask(`POST /v1/transactions/${id}/confirm`, '200', { body: part });
    expect((confirmed.items as Body[]).map((item) => [item.state, item.deducted])).to.deep.equal([
      ['DEDUCTED', 2],
      ['AVAILABLE', 0],
    ]);
    await ask(`POST /v1/transactions/${id}/confirm`, '200', { body: part });
    await ask(`POST /v1/transactions/${id}/confirm`, '422 idempotency-mismatch');
    await ask(`POST /v1/transactions/${id}/cancel`, '409 invalid-transition');
    await ask(`POST /v1/transactions/${id}/refund`, '400 invalid-request', { body: { items: [{ sku: 'S/1', quantity: 1 }] } });
    await ask(`POST /v1/transactions/${id}/refund`, '200', { body: { id: randomUUID(), items: [{ sku: 'S/1', quantity: 1 }] } });
    await ask(`POST /v1/transactions/${id}/refund`, '200');
    const told = await ask(`GET /v1/transactions/${id}`, '200');
    expect((told.history as Body[]).map((event) => event.event)).to.deep.equal(['TRY', 'EXTEND', 'CONFIRM', 'REFUND', 'REFUND']);
    const listed = await ask('GET /v1/transactions?reference=order%201&state=CONFIRMED&sku=S4', '200');
    expect((listed.items as Body[]).map((one) => one.id)).to.deep.equal([id]);
  });

  it('refuses, cancels and expires', async () => {
    const short = { id: randomUUID(), items: [{ sku: 'S2', warehouse: 'north', quantity: 6 }] };
    for (let time = 0; time < 2; time += 1) {
      const refused = await ask('POST /v1/transactions', '409 insufficient-stock', { body: short });
      expect(refused.shortages).to.deep.equal([{ sku: 'S2', warehouse: 'north', requested: 6, available: 5 }]);
    }
    await ask('POST /v1/transactions', '422 unknown-sku', { body: { items: [{ sku: 'S2', quantity: 1 }] } });
    await ask('POST /v1/transactions', '422 unknown-participant', { body: { branches: [{ participant: 'payment' }] } });
    const early = randomUUID();
    expect(await ask(`POST /v1/transactions/${early}/cancel`, '200', { body: { reason: 'gone' } })).to.deep.include({
      note: 'gone',
    });
    await ask('POST /v1/transactions', '409 transaction-cancelled', { body: { id: early, items: [{ sku: 'S4', quantity: 1 }] } });
    await ask(`POST /v1/transactions/${randomUUID()}/confirm`, '404 unknown-transaction');
    await ask(`GET /v1/transactions/${randomUUID()}`, '404 unknown-transaction');
    const brief = { id: randomUUID(), items: [{ sku: 'S4', quantity: 1 }], timeoutMs: 100 };
    await ask('POST /v1/transactions', '201', { body: brief, headers: { prefer: 'return=minimal' } });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await ask(`POST /v1/transactions/${brief.id}/confirm`, '410 reservation-expired');
    await ask(`POST /v1/transactions/${brief.id}/extend`, '410 reservation-expired', { body: { timeoutMs: 1000 } });
    await ask('POST /v1/transactions', '410 reservation-expired', { body: brief });
    expect(await ask(`POST /v1/transactions/${brief.id}/cancel`, '200')).to.deep.include({ reason: 'expired' });
  });

  it('takes many at once, in order on one id, each for itself', async () => {
    const id = randomUUID();
    const operations = [
      { op: 'try', id, items: [{ sku: 'S4', quantity: 1 }] },
      { op: 'confirm', id },
      { op: 'try', items: [{ sku: 'S4', quantity: 0 }] },
      { op: 'cancel', id },
      { op: 'try', id, items: [{ sku: 'S4', quantity: 1 }] },
    ];
    const { results } = (await ask('POST /v1/batch', '200', { body: { operations } })) as { results: Body[] };
    expect(results.map((result) => [result.status, result.replayed])).to.deep.equal([
      [201, false],
      [200, false],
      [400, false],
      [409, false],
      [200, true],
    ]);
    expect(await ask('GET /readyz', '200')).to.deep.equal({ status: 'ok', postgres: 'up', redis: 'up' });
    await ask('GET /livez', '200');
    await ask('GET /problems/insufficient-stock', '200');
    await ask('GET /docs', '200');
  });
});
