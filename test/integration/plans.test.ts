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
    // Statistics as a ledger in use has them: nearly all is finished.
    await database.query(
      `INSERT INTO holdfast.transaction (id, state, reference, needs_attention, content_hash, created_at, expires_at, decided_at, updated_at)
       SELECT gen_random_uuid(), CASE WHEN n % 500 = 0 THEN 'CONFIRMING' WHEN n % 500 = 1 THEN 'TRIED' ELSE 'CONFIRMED' END::holdfast.transaction_state,
         CASE WHEN n % 2 = 0 THEN 'order ' || n END, n % 5000 = 0, '\\x00', made, made + interval '1 hour', CASE WHEN n % 500 <> 1 THEN made END, made
       FROM generate_series(1, 20000) n CROSS JOIN LATERAL (SELECT now() - n * interval '1 minute' AS made) m`,
    );
    await database.query('ANALYZE');
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

  it('finds what is old, how things stand and what counters are made of by their indexes', async () => {
    const old = await database.query(
      `EXPLAIN SELECT t.id FROM holdfast.transaction t
       WHERE t.retired_at IS NULL AND t.created_at < now() - interval '30 days' AND t.updated_at < now() - interval '30 days'
         AND t.state IN ('CONFIRMED', 'CANCELLED') AND NOT t.needs_attention
       ORDER BY t.created_at, t.id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED`,
    );
    const text = old.map((row) => String(row['QUERY PLAN'])).join('\n');
    expect(text).to.match(/Index Scan using transaction_by_age/);
    expect(text).not.to.match(/Sort/);
    const standing = await planOf('queries/standing.sql', [10_000]);
    for (const index of ['unsettled', 'deadline', 'attention']) expect(standing).to.contain(`transaction_by_${index}`);
    expect(await planOf('queries/counters.sql', ['a', 'b', 100])).to.match(
      /Index.* Scan using stock_pkey[\s\S]*Index Cond: .*ROW\(sku, warehouse\) >/,
    );
    const drift = await planOf('queries/counter_drift.sql', ['{a}', '{b}']);
    for (const index of ['movement_by_stock', 'reservation_by_stock']) expect(drift).to.contain(index);
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
