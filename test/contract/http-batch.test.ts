// Batches over HTTP: each operation stands alone (contract, section 4).
import { expect } from 'chai';
import { DatabaseUnavailable } from '../../src/coordinator/queries.ts';
import { type Answer, HttpFixture } from '../support/http-fixture.ts';
import { putParticipant } from '../support/port-fake.ts';

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

  describe('of transactions with branches', () => {
    const TRY = { op: 'try', id: idOf(1), branches: [{ participant: 'payment' }] };
    beforeEach(() => void http.port.participantsByName.set('payment', putParticipant('payment')));
    const run = (operations: readonly unknown[], wait: string) =>
      http.call('POST', '/v1/batch', { operations }, { headers: { prefer: wait } });
    const statesOf = (answer: Answer) =>
      answer.body.results.map((one: { status: number; body: { state: string } }) => [one.status, one.body.state]);

    it('waits for them, once for all, and says so', async () => {
      setTimeout(() => {
        http.port.branchesAre(idOf(1), 'TRIED');
        setTimeout(() => http.port.branchesAre(idOf(1), 'CONFIRMED'), 50);
      }, 100);
      const answer = await run([TRY, { op: 'confirm', id: idOf(1) }, { op: 'try', items: ITEMS }], 'wait=5, return=minimal');
      expect(statesOf(answer)).to.deep.equal([
        [201, 'TRIED'],
        [200, 'CONFIRMED'],
        [201, 'TRIED'],
      ]);
      expect(answer.headers.get('preference-applied')).to.equal('return=minimal, wait=5');
      expect(http.port.commands.map(({ kind }) => kind)).to.deep.equal(['try', 'confirm', 'try', 'confirm']);
    });

    it('lets what follows a confirm on the same id take effect after it, however long that waits', async () => {
      setTimeout(() => http.port.branchesAre(idOf(1), 'TRIED'), 100);
      const others = [TRY, { op: 'confirm', id: idOf(1) }, { op: 'cancel', id: idOf(1) }, { op: 'try', items: ITEMS }];
      const answer = await run(others, 'wait=1');
      expect(statesOf(answer)).to.deep.equal([
        [201, 'TRIED'],
        [202, 'CONFIRMING'],
        [409, 'CONFIRMING'],
        [201, 'TRIED'],
      ]);
      // What is about another id did not wait for it.
      expect(http.port.commands.map(({ kind }) => kind)).to.deep.equal(['try', 'confirm', 'try', 'confirm', 'cancel']);
    });

    it('has one wait for all, however many follow one another', async () => {
      const startMs = performance.now();
      const confirms = Array.from({ length: 5 }, () => ({ op: 'confirm', id: idOf(1) }));
      const answer = await run([TRY, ...confirms, { op: 'cancel', id: idOf(1) }], 'wait=1');
      expect(performance.now() - startMs).to.be.within(950, 3_000);
      const tooEarly = [409, 'TRYING'];
      expect(statesOf(answer)).to.deep.equal([[202, 'TRYING'], ...confirms.map(() => tooEarly), [202, 'CANCELLING']]);
    });

    it('has room for a thousand that wait', async () => {
      const warnings: Error[] = [];
      const onWarning = (warning: Error) => warnings.push(warning);
      process.on('warning', onWarning);
      const operations = Array.from({ length: 1000 }, (_, n) => ({ ...TRY, id: idOf(n) }));
      setTimeout(() => {
        for (const { id } of operations) http.port.branchesAre(id, 'TRIED');
      }, 300);
      const answer = await run(operations, 'wait=20, return=minimal');
      process.off('warning', onWarning);
      expect(new Set(statesOf(answer).map(String))).to.deep.equal(new Set(['201,TRIED']));
      expect(warnings).to.deep.equal([]);
    });
  });
});
