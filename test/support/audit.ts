// Owns the audit of a ledger by SQL, in one snapshot: I1–I3, that every reservation has its transaction, that states,
// amounts and times agree (I5, I8), and that branches stand where their transaction does (I5, I9, I11).
import pg from 'pg';

/** Each finds the rows that break one rule. */
const RULES: Readonly<Record<string, string>> = {
  'I1: available + reserved + deducted is what the movements brought': `
    SELECT s.sku, s.warehouse, s.available, s.reserved, s.deducted, coalesce(m.delta, 0) AS moved
    FROM holdfast.stock s
    LEFT JOIN (SELECT sku, warehouse, sum(delta) AS delta FROM holdfast.movement GROUP BY sku, warehouse) m USING (sku, warehouse)
    WHERE s.available + s.reserved + s.deducted <> coalesce(m.delta, 0)`,
  'I2: no counter is negative': 'SELECT * FROM holdfast.stock WHERE least(available, reserved, deducted) < 0',
  'I3: the counters are the sums over the reservations, and what was carried forward': `
    SELECT s.sku, s.warehouse, s.reserved, s.deducted, r.reserved AS held, r.deducted AS sold, c.deducted - c.refunded AS carried
    FROM holdfast.stock s
    LEFT JOIN (
      SELECT sku, warehouse, sum(deducted - refunded) AS deducted, sum(quantity) FILTER (WHERE state = 'RESERVED') AS reserved
      FROM holdfast.reservation GROUP BY sku, warehouse
    ) r USING (sku, warehouse)
    LEFT JOIN holdfast.carried c USING (sku, warehouse)
    WHERE s.reserved <> coalesce(r.reserved, 0) OR s.deducted <> coalesce(r.deducted, 0) + coalesce(c.deducted - c.refunded, 0)`,
  'movements and reservations that count have their counter': `
    SELECT sku, warehouse FROM holdfast.movement WHERE delta <> 0
    UNION SELECT sku, warehouse FROM holdfast.reservation WHERE state <> 'AVAILABLE' OR deducted > 0
    EXCEPT SELECT sku, warehouse FROM holdfast.stock`,
  'rule 10: what is retired is finished, and nothing is left of it but its row': `
    SELECT t.* FROM holdfast.transaction t WHERE t.retired_at IS NOT NULL AND (
      t.state NOT IN ('CONFIRMED', 'CANCELLED') OR t.needs_attention OR num_nonnulls(t.note, t.reference, t.metadata::text, t.shortages::text) > 0
      OR EXISTS (SELECT FROM holdfast.reservation r WHERE r.transaction_id = t.id)
      OR EXISTS (SELECT FROM holdfast.branch b WHERE b.transaction_id = t.id)
      OR EXISTS (SELECT FROM holdfast.event e WHERE e.transaction_id = t.id)
      OR EXISTS (SELECT FROM holdfast.refund f WHERE f.transaction_id = t.id))`,
  'every reservation belongs to a transaction': `
    SELECT r.* FROM holdfast.reservation r LEFT JOIN holdfast.transaction t ON t.id = r.transaction_id WHERE t.id IS NULL`,
  'I4: what was held or sold has its items': `
    SELECT t.* FROM holdfast.transaction t
    WHERE t.branch_count = 0 AND t.retired_at IS NULL AND coalesce(t.reason::text, '') NOT IN ('cancelled-before-try', 'insufficient-stock')
      AND NOT EXISTS (SELECT FROM holdfast.reservation r WHERE r.transaction_id = t.id)`,
  'I5: items are where their transaction says': `
    SELECT t.state AS transaction_state, r.* FROM holdfast.reservation r JOIN holdfast.transaction t ON t.id = r.transaction_id
    WHERE r.state <> ALL (CASE t.state
      WHEN 'CONFIRMED' THEN ARRAY['DEDUCTED', 'AVAILABLE'] WHEN 'CONFIRMING' THEN ARRAY['DEDUCTED', 'AVAILABLE']
      WHEN 'CANCELLED' THEN ARRAY['AVAILABLE'] WHEN 'CANCELLING' THEN ARRAY['AVAILABLE']
      ELSE ARRAY['RESERVED'] END::holdfast.item_state[])
      OR (t.state NOT IN ('CONFIRMED', 'CONFIRMING') AND r.deducted > 0)`,
  'I5: a reason for every cancel, a time for every decision': `
    SELECT * FROM holdfast.transaction
    WHERE (reason IS NULL) <> (state NOT IN ('CANCELLING', 'CANCELLED')) OR (decided_at IS NULL) <> (state IN ('TRYING', 'TRIED'))`,
  'I8: confirmed before the deadline, expired not before it': `
    SELECT * FROM holdfast.transaction
    WHERE (state IN ('CONFIRMED', 'CONFIRMING') AND decided_at >= expires_at) OR (reason = 'expired' AND decided_at < expires_at)`,
  'I5: a transaction has ended where all of its branches are settled, and there alone': `
    SELECT t.id, t.state, t.branch_count, array_agg(b.state) AS branches
    FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
    GROUP BY t.id
    HAVING (t.state IN ('CONFIRMED', 'CANCELLED')) <> bool_and(b.state IN ('CONFIRMED', 'CANCELLED'))
      OR (t.state = 'TRIED' AND bool_or(b.state <> 'TRIED')) OR t.branch_count <> count(*)
      OR t.needs_attention <> bool_or(b.needs_attention)`,
  'I5: branches end as their transaction does, but where an operator said otherwise': `
    SELECT t.state AS transaction_state, b.* FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
    WHERE NOT b.resolved AND ((b.state = 'CONFIRMED' AND t.state NOT IN ('CONFIRMING', 'CONFIRMED'))
      OR (b.state = 'CANCELLED' AND t.state NOT IN ('CANCELLING', 'CANCELLED')))`,
  'I9: who is asked to confirm or cancel is asked after that decision': `
    SELECT t.state AS transaction_state, b.* FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
    WHERE (b.lease_holder IS NOT NULL OR b.next_attempt_at IS NOT NULL) AND t.state <> ALL (CASE b.phase
      WHEN 'try' THEN ARRAY['TRYING', 'CANCELLING'] WHEN 'confirm' THEN ARRAY['CONFIRMING'] ELSE ARRAY['CANCELLING']
    END::holdfast.transaction_state[])`,
  'I11: somebody will ask every branch that is not settled': `
    SELECT t.state AS transaction_state, b.* FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
    WHERE b.lease_holder IS NULL AND b.next_attempt_at IS NULL AND b.state NOT IN ('CONFIRMED', 'CANCELLED')
      AND (t.state IN ('CONFIRMING', 'CANCELLING') OR (t.state = 'TRYING' AND b.state = 'REGISTERED'))`,
  'I11: whoever looks for what is under way finds it': `
    SELECT t.state AS transaction_state, t.is_asking, b.* FROM holdfast.transaction t JOIN holdfast.branch b ON b.transaction_id = t.id
    WHERE (b.lease_holder IS NOT NULL AND t.is_asking IS NULL AND b.claimed_by IS NULL)
      OR (b.claimed_by IS NOT NULL AND b.claimed_by IS DISTINCT FROM b.lease_holder)`,
};

/** @returns the broken rules, each with up to three of the rows that break it; empty where all is well */
export async function audit(databaseUrl: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const broken: string[] = [];
    for (const [rule, text] of Object.entries(RULES)) {
      const { rows } = await client.query<Record<string, unknown>>(text);
      if (rows.length > 0) broken.push(`${rule}: ${rows.length} rows, such as ${JSON.stringify(rows.slice(0, 3))}`);
    }
    return broken;
  } finally {
    await client.end();
  }
}

/** One value, read straight from the database. */
export async function readOne(databaseUrl: string, text: string, values: readonly unknown[] = []): Promise<unknown> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    const { rows } = await client.query<unknown[]>({ text, values: [...values], rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}
