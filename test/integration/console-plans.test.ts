// Owns the tests that what the console reads stays quick whatever is stored: how PostgreSQL plans it on tables that hold far more than a
// page, with statistics as they are in operation, and how much of them it touches.
import { expect } from 'chai';
import { PostgresConsoleQueries } from '../../src/ledger/console-queries.ts';
import { statement } from '../../src/ledger/statements.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const NIL = '00000000-0000-0000-0000-000000000000';
const TRANSACTIONS = 60_000;

/**
 * Finished ones, all of one SKU, each of which was refunded where its number ends on 00; and every 500th still open, in a state of its
 * own turn. $1 how many
 */
const FILL = [
  `INSERT INTO holdfast.transaction (id, state, reason, needs_attention, created_at, expires_at, decided_at, updated_at)
   SELECT ('0193b0a4-7c1e-7d00-8000-' || lpad(n::text, 12, '0'))::uuid, state,
     CASE WHEN state = 'CANCELLING' THEN 'requested' END::holdfast.cancel_reason, state = 'CONFIRMING' AND n % 1000 = 0,
     at, at + interval '1 day', CASE WHEN state >= 'CONFIRMING' THEN at END, at
   FROM (
     SELECT n, date_trunc('milliseconds', now()) - interval '30 days' + n * interval '1 second' AS at,
       CASE WHEN n % 500 > 0 THEN 'CONFIRMED' ELSE (ARRAY['TRIED', 'TRYING', 'CONFIRMING', 'CANCELLING'])[1 + n / 500 % 4] END
         ::holdfast.transaction_state AS state
     FROM generate_series(1, $1::int) n
   ) t`,
  `INSERT INTO holdfast.reservation (transaction_id, sku, warehouse, quantity, state, deducted, refunded, created_at)
   SELECT t.id, 'hot', 'default', 1,
     (CASE WHEN t.state IN ('TRYING', 'TRIED') THEN 'RESERVED' WHEN t.state = 'CANCELLING' OR refunded > 0 THEN 'AVAILABLE'
       ELSE 'DEDUCTED' END)::holdfast.item_state,
     CASE WHEN t.state IN ('CONFIRMING', 'CONFIRMED') THEN 1 ELSE 0 END, refunded, t.created_at
   FROM (
     SELECT t.*, CASE WHEN t.state = 'CONFIRMED' AND right(t.id::text, 2) = '00' THEN 1 ELSE 0 END AS refunded
     FROM holdfast.transaction t
   ) t`,
  `INSERT INTO holdfast.stock (sku, warehouse, available, reserved, deducted, version)
   SELECT 'hot', 'default', 7, count(*) FILTER (WHERE r.state = 'RESERVED'), coalesce(sum(r.deducted - r.refunded), 0), 1
   FROM holdfast.reservation r`,
  `INSERT INTO holdfast.movement (id, sku, warehouse, kind, quantity, delta, at, available_after, reserved_after, deducted_after, version_after)
   SELECT gen_random_uuid(), 'hot', 'default', 'RECEIVE', s.available + s.reserved + s.deducted, s.available + s.reserved + s.deducted,
     now() - interval '31 days', 1, 0, 0, 1
   FROM holdfast.stock s`,
];

describe('what the console reads, of a large ledger', function () {
  this.timeout(120_000);
  let server: TestServer;
  let database: LedgerDatabase;
  let queries: PostgresConsoleQueries;

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'console_plans');
    for (const text of FILL) await database.query(text, text.includes('$1') ? [TRANSACTIONS] : []);
    // Not in a transaction, as each query here is.
    for (const table of ['transaction', 'reservation', 'stock', 'movement'])
      await database.query(`VACUUM ANALYZE holdfast.${table}`);
    queries = new PostgresConsoleQueries(database.pool());
  });
  after(async () => {
    await database.close();
    await server.stop();
  });

  interface Plan {
    readonly 'Node Type': string;
    readonly 'Relation Name'?: string;
    readonly 'Index Name'?: string;
    readonly 'Actual Rows': number;
    readonly 'Actual Loops': number;
    readonly 'Rows Removed by Filter'?: number;
    readonly Plans?: readonly Plan[];
  }

  const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

  /** As a prepared statement is planned once it has been run often: without knowing its parameters. */
  async function planOf(path: string, types: string, values: readonly unknown[]): Promise<readonly Plan[]> {
    const literals = values.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(', ');
    await database.query('SET plan_cache_mode = force_generic_plan');
    await database.query(`PREPARE looked ${types} AS ${statement(path)}`);
    const [row] = await database.query(`EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked (${literals})`);
    await database.query('DEALLOCATE looked');
    const plans = (row?.['QUERY PLAN'] ?? []) as readonly { readonly Plan: Plan }[];
    return plans.flatMap(({ Plan: plan }) => nodesOf(plan));
  }

  function expectBounded(nodes: readonly Plan[], most: number): void {
    expect(nodes).to.have.length.above(0);
    for (const node of nodes) {
      const rows = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
      expect(rows, JSON.stringify({ ...node, Plans: undefined })).to.be.at.most(most);
      // One row in all: there is nothing to seek.
      if (node['Node Type'] === 'Seq Scan') expect(node['Relation Name']).to.match(/^(stock|movement)$/);
    }
  }

  const indexesOf = (nodes: readonly Plan[]): string[] => nodes.flatMap((node) => node['Index Name'] ?? []);

  it('finds a page of what is stuck along the partial indexes', async () => {
    for (const [part, id] of [
      [0, NIL],
      [1, '0193b0a4-7c1e-7d00-8000-000000030000'],
      [2, NIL],
    ] as const) {
      const nodes = await planOf('queries/stuck_transactions.sql', '(bigint, int, bigint, uuid, int)', [10_000, part, 0, id, 21]);
      expect(indexesOf(nodes)).to.include.members(['transaction_by_attention', 'transaction_by_unsettled']);
      expectBounded(nodes, 200);
    }
  });

  it('pages through all that is stuck, each once, those in need of attention first', async () => {
    const seen: { readonly id: string; readonly needsAttention: boolean }[] = [];
    let cursor: readonly string[] | null = null;
    do {
      const page: Awaited<ReturnType<PostgresConsoleQueries['stuck']>> = await queries.stuck(7, cursor);
      seen.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    const open = TRANSACTIONS / 500;
    expect(seen).to.have.length((open * 3) / 4);
    expect(new Set(seen.map(({ id }) => id)).size).to.equal(seen.length);
    const attention = seen.map(({ needsAttention }) => needsAttention);
    expect(attention).to.deep.equal([...attention].sort((a, b) => Number(b) - Number(a)));
    expect(attention).to.include(true).and.to.include(false);
  });

  it('finds the next deadlines along their index', async () => {
    const nodes = await planOf('queries/next_deadlines.sql', '(int, int)', [50, 10_000]);
    expect(new Set(indexesOf(nodes))).to.deep.equal(new Set(['transaction_by_deadline']));
    expectBounded(nodes, 200);
  });

  it('finds who holds a SKU in two bounded looks, and says where they did not suffice', async () => {
    const nodes = await planOf('queries/holders_of_sku.sql', '(text, int, int)', ['hot', 101, 1_000]);
    expectBounded(nodes, 1_100);
    const { items, more } = await queries.holders('hot', 100);
    expect([items.length, more]).to.deep.equal([TRANSACTIONS / 1000, false]);
    const ages = items.map(({ createdAt }) => createdAt);
    expect(ages).to.deep.equal([...ages].sort((a, b) => a - b));
    expect(await queries.holders('hot', 10)).to.deep.equal({ items: items.slice(0, 10), more: true });
    expect(await queries.holders('never', 10)).to.deep.equal({ items: [], more: false });
  });

  it('adds up what a SKU’s numbers come from without reading what was never refunded', async () => {
    const nodes = await planOf('queries/totals_of_sku.sql', '(text)', ['hot']);
    expect(indexesOf(nodes)).to.include('reservation_by_refund');
    expectBounded(nodes, 1_000);
    const [totals] = await queries.totals('hot');
    const { received = 0, reservedNow = 0, deductedNow = 0, refunded = 0 } = totals ?? {};
    expect(received - reservedNow - deductedNow).to.equal(7);
    expect(refunded).to.equal(TRANSACTIONS / 100 - TRANSACTIONS / 500);
  });
});
