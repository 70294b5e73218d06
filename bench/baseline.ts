// Owns the baseline: Express and node-postgres with one PostgreSQL transaction per request, in plain SQL, as most people
// would write it. It is written to be right and not to be slow: a guarded UPDATE instead of reading first, for one.
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import express from 'express';
import pg from 'pg';
import { serve } from './listen.ts';
import { type AskedItem, shortageBody, type TryBody, transactionBody } from './reply.ts';

interface ItemRow {
  readonly sku: string;
  readonly warehouse: string;
  readonly quantity: string;
}

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 });
await pool.query(await readFile(new URL('./sql/baseline-schema.sql', import.meta.url), 'utf8'));

async function inTransaction<T>(work: (client: pg.PoolClient) => Promise<T>, keep: (result: T) => boolean): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query(keep(result) ? 'COMMIT' : 'ROLLBACK');
    return result;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  } finally {
    client.release();
  }
}

async function reserve(client: pg.PoolClient, id: string, items: readonly AskedItem[]): Promise<boolean> {
  for (const { sku, warehouse = 'default', quantity } of items) {
    const { rowCount } = await client.query(
      'UPDATE baseline.stock SET available = available - $3, reserved = reserved + $3 WHERE sku = $1 AND warehouse = $2 AND available >= $3',
      [sku, warehouse, quantity],
    );
    if (rowCount === 0) return false;
  }
  await client.query(
    `INSERT INTO baseline.transaction (id, state, expires_at) VALUES ($1, 'TRIED', now() + interval '15 minutes')`,
    [id],
  );
  for (const { sku, warehouse = 'default', quantity } of items) {
    await client.query('INSERT INTO baseline.item (transaction_id, sku, warehouse, quantity) VALUES ($1, $2, $3, $4)', [
      id,
      sku,
      warehouse,
      quantity,
    ]);
  }
  return true;
}

async function sell(client: pg.PoolClient, id: string): Promise<readonly AskedItem[] | null> {
  const { rowCount } = await client.query(
    `UPDATE baseline.transaction SET state = 'CONFIRMED' WHERE id = $1 AND state = 'TRIED' AND expires_at > now()`,
    [id],
  );
  if (rowCount === 0) return null;
  const { rows } = await client.query<ItemRow>(
    'SELECT sku, warehouse, quantity FROM baseline.item WHERE transaction_id = $1 ORDER BY sku, warehouse',
    [id],
  );
  for (const { sku, warehouse, quantity } of rows) {
    await client.query(
      'UPDATE baseline.stock SET reserved = reserved - $3, deducted = deducted + $3 WHERE sku = $1 AND warehouse = $2',
      [sku, warehouse, quantity],
    );
  }
  return rows.map(({ sku, warehouse, quantity }) => ({ sku, warehouse, quantity: Number(quantity) }));
}

const app = express();
app.set('etag', false);
app.set('x-powered-by', false);
app.use(express.json());

app.post('/v1/transactions', async (request, response) => {
  const { items } = request.body as TryBody;
  const id = randomUUID();
  const held = await inTransaction(
    (client) => reserve(client, id, items),
    (done) => done,
  );
  if (held)
    response
      .status(201)
      .location(`/v1/transactions/${id}`)
      .json(transactionBody(id, false, items, Date.now()));
  else response.status(409).json(shortageBody(items, id));
});

app.post('/v1/transactions/:id/confirm', async (request, response) => {
  const { id } = request.params;
  const sold = await inTransaction(
    (client) => sell(client, id),
    (items) => items !== null,
  );
  if (sold === null) response.status(409).json({ code: 'invalid-transition' });
  else response.json(transactionBody(id, true, sold, Date.now()));
});

serve('the baseline', app, () => pool.end());
