// Owns the tests of statements that must stay fast whatever is stored: how PostgreSQL plans them, and the largest requests the
// contract allows.
import { expect } from 'chai';
import { Lane } from '../../src/coordinator/lane.ts';
import { statement } from '../../src/ledger/statements.ts';
import { movementId, moveOf, transactionId, tryOf } from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

describe('a ledger of any size', function () {
  this.timeout(60_000);
  let server: TestServer;
  let database: LedgerDatabase;

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'plans');
    await database.query('SET enable_seqscan = off');
  });

  after(async () => {
    await database.close();
    await server.stop();
  });

  async function planOf(path: string, values: readonly unknown[]): Promise<string> {
    const rows = await database.query(`EXPLAIN ${statement(path)}`, values);
    return rows.map((row) => String(row['QUERY PLAN'])).join('\n');
  }

  it('looks for what is due within the bounds of an index, not through all that is open', async () => {
    const plan = await planOf('queries/due_transactions.sql', [800, 0, '00000000-0000-0000-0000-000000000000']);
    expect(plan).to.match(/Index.*Scan using transaction_by_deadline/);
    expect(plan).to.match(/Index Cond: .*expires_at <= statement_timestamp/);
    expect(plan).not.to.match(/Sort/);
  });

  it('lists by the index of the filter that is on', async () => {
    const page = (filters: readonly unknown[]): readonly unknown[] => [...filters, null, null, 51];
    expect(await planOf('queries/transactions.sql', page([null, null, null, null, null]))).to.match(/transaction_by_age/);
    expect(await planOf('queries/transactions.sql', page(['CONFIRMING', null, null, null, null]))).to.match(
      /transaction_by_unsettled/,
    );
    expect(await planOf('queries/transactions.sql', page([null, null, true, null, null]))).to.match(/transaction_by_attention/);
    expect(await planOf('queries/transactions.sql', page([null, 'order 1', null, null, null]))).to.match(
      /transaction_by_reference/,
    );
  });

  it('refuses twenty baskets of 200 SKUs that were never stocked, and serves whoever waits beside them', async () => {
    const lane = new Lane(database.another(), {
      queueLimit: 10_000,
      batchLimit: 500,
      patienceMs: 5000,
      onEffects: () => {},
      onFault: () => {},
    });
    await lane.submit(moveOf(movementId(1), 'RECEIVE', ['there', 10]));
    const unknown = Array.from({ length: 20 }, (_, basket) =>
      lane.submit(
        tryOf(
          transactionId(100 + basket),
          Array.from({ length: 200 }, (_, item): [string, number] => [`never-${basket}-${item}`, 1]),
        ),
      ),
    );
    const served = lane.submit(tryOf(transactionId(1), [['there', 1]]));
    for (const verdict of await Promise.all(unknown)) expect(!verdict.ok && verdict.problem.code).to.equal('unknown-sku');
    expect((await served).ok).to.equal(true);
    await lane.close();
  });
});
