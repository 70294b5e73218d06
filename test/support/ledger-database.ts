// Owns databases of the ledger's own schema for tests: made on a private server, reached as the coordinator reaches them, and
// audited by SQL of its own against I1–I5, I9 and I11.
import pg from 'pg';
import { PostgresLedger } from '../../src/ledger/ledger.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { Pool } from '../../src/ledger/pool.ts';

const AUDIT = `
SELECT 'I1 ' || s.sku || ' in ' || s.warehouse AS fault
FROM holdfast.stock s
WHERE s.available + s.reserved + s.deducted
   <> (SELECT coalesce(sum(m.delta), 0) FROM holdfast.movement m WHERE m.sku = s.sku AND m.warehouse = s.warehouse)
UNION ALL
SELECT 'I2 ' || sku || ' in ' || warehouse FROM holdfast.stock WHERE least(available, reserved, deducted) < 0
UNION ALL
SELECT 'I3 ' || s.sku || ' in ' || s.warehouse
FROM holdfast.stock s
LEFT JOIN LATERAL (
  SELECT coalesce(sum(r.quantity) FILTER (WHERE r.state = 'RESERVED'), 0) AS reserved, coalesce(sum(r.deducted - r.refunded), 0) AS deducted
  FROM holdfast.reservation r WHERE r.sku = s.sku AND r.warehouse = s.warehouse
) r ON true
LEFT JOIN holdfast.carried c ON c.sku = s.sku AND c.warehouse = s.warehouse
WHERE (s.reserved, s.deducted) <> (r.reserved, r.deducted + coalesce(c.deducted - c.refunded, 0))
UNION ALL
SELECT 'I4 ' || t.id || ' is ' || t.state || ' with items that are ' || string_agg(DISTINCT r.state::text, ', ')
FROM holdfast.transaction t JOIN holdfast.reservation r ON r.transaction_id = t.id
GROUP BY t.id
HAVING CASE
  WHEN t.state IN ('TRYING', 'TRIED') THEN bool_or(r.state <> 'RESERVED')
  WHEN t.state IN ('CONFIRMING', 'CONFIRMED') THEN bool_or(r.state = 'RESERVED')
  ELSE bool_or(r.state <> 'AVAILABLE' OR r.deducted <> 0)
END
UNION ALL
SELECT 'I5 ' || r.transaction_id || ' has items but is not there'
FROM holdfast.reservation r WHERE NOT EXISTS (SELECT 1 FROM holdfast.transaction t WHERE t.id = r.transaction_id)
UNION ALL
SELECT 'I5 ' || t.id || ' is ' || t.state || ' with branches that are ' || string_agg(DISTINCT b.state::text, ', ')
FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
GROUP BY t.id
HAVING (t.state IN ('CONFIRMED', 'CANCELLED')) <> bool_and(b.state IN ('CONFIRMED', 'CANCELLED'))
  OR (t.state = 'TRIED' AND bool_or(b.state <> 'TRIED')) OR t.branch_count <> count(*) OR t.needs_attention <> bool_or(b.needs_attention)
UNION ALL
SELECT 'I9 ' || b.id || ' of a transaction that is ' || t.state || ' is asked for ' || b.phase
FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
WHERE (b.lease_holder IS NOT NULL OR b.next_attempt_at IS NOT NULL) AND NOT CASE b.phase
  -- Under way when the cancel was decided, or given back since by one that died: it is not sent any more, and turns into a Cancel.
  WHEN 'try' THEN t.state IN ('TRYING', 'CANCELLING')
  WHEN 'confirm' THEN t.state = 'CONFIRMING'
  ELSE t.state = 'CANCELLING'
END
UNION ALL
SELECT 'I11 nobody will ask ' || b.id || ', which is ' || b.state || ' in ' || t.state
FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
WHERE b.lease_holder IS NULL AND b.next_attempt_at IS NULL AND b.state NOT IN ('CONFIRMED', 'CANCELLED')
  AND (t.state IN ('CONFIRMING', 'CANCELLING') OR (t.state = 'TRYING' AND b.state = 'REGISTERED'))
UNION ALL
SELECT 'I11 nobody who looks for what is under way finds ' || b.id
FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
WHERE (b.lease_holder IS NOT NULL AND t.is_asking IS NULL AND b.claimed_by IS NULL)
  OR (b.claimed_by IS NOT NULL AND b.claimed_by IS DISTINCT FROM b.lease_holder)
UNION ALL
SELECT 'I11 ' || b.id || ' is held by nobody alive'
FROM holdfast.branch b WHERE b.lease_holder IS NOT NULL AND NOT EXISTS (SELECT 1 FROM holdfast.coordinator c WHERE c.id = b.lease_holder)`;

export interface LedgerDatabase {
  readonly url: string;
  readonly ledger: PostgresLedger;
  /** A ledger with connections of its own to the same database, as another instance has. */
  another(leaseHolder?: () => string | null): PostgresLedger;
  /** Connections as the coordinator has them beside its ledger's. */
  pool(): Pool;
  /** Plain SQL, as somebody who looks from outside. */
  query(text: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** Which invariants the stored rows break, and where. */
  audit(): Promise<readonly string[]>;
  /** Removes every row. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

/** Makes a database on the server and brings it to the schema. */
export async function makeLedgerDatabase(serverUrl: string, name: string): Promise<LedgerDatabase> {
  const server = new pg.Client({ connectionString: serverUrl });
  await server.connect();
  await server.query(`CREATE DATABASE ${name}`);
  await server.end();
  const url = withDatabase(serverUrl, name);
  await migrate(url);
  const ledgers: PostgresLedger[] = [];
  const pools: Pool[] = [];
  const options = { databaseUrl: url, size: 2, timeoutMs: 10_000, onFault: () => {} };
  const another: LedgerDatabase['another'] = (leaseHolder) => {
    const ledger = new PostgresLedger(options, leaseHolder);
    ledgers.push(ledger);
    return ledger;
  };
  const newPool = (): Pool => {
    const pool = new Pool(options);
    pools.push(pool);
    return pool;
  };
  const outside = new pg.Client({ connectionString: url });
  await outside.connect();
  const query: LedgerDatabase['query'] = async (text, values = []) => (await outside.query(text, [...values])).rows;
  return {
    url,
    ledger: another(),
    another,
    pool: newPool,
    query,
    audit: async () => (await query(AUDIT)).map((row) => String(row.fault)),
    empty: async () => {
      await query(
        `TRUNCATE holdfast.stock, holdfast.transaction, holdfast.reservation, holdfast.movement, holdfast.refund, holdfast.event,
           holdfast.branch, holdfast.attempt, holdfast.participant, holdfast.participant_secret, holdfast.coordinator, holdfast.carried`,
      );
    },
    close: async () => {
      await outside.end();
      await Promise.all([...ledgers, ...pools].map((each) => each.end()));
    },
  };
}

/** The server's URL may name a socket folder in its query, so only the path is exchanged. */
function withDatabase(serverUrl: string, name: string): string {
  return serverUrl.replace(/^(postgres(?:ql)?:\/\/[^/?]*\/)[^?]*/, `$1${name}`);
}
