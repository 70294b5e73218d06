// The payment service, a process of its own with a database of its own: DATABASE_URL, PAYMENT_SECRETS (what the coordinator signs its
// calls with: one whsec_…, or two with a comma between while one takes the place of the other), and PORT (0 takes a free one).
import { readFile } from 'node:fs/promises';
import express from 'express';
import { ensureBarrier } from 'holdfast/participant';
import pg from 'pg';
import { answerFaults, listen } from './listening.ts';
import { payments, readAccount } from './payments.ts';

const SCHEMA = new URL('./payment-schema.sql', import.meta.url);

// The first schema of the search path is where the library's table comes to stand, beside the service's own.
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, options: '-c search_path=payment' });
await pool.query(await readFile(SCHEMA, 'utf8'));
await ensureBarrier(pool);

const participant = payments(pool, (process.env.PAYMENT_SECRETS ?? '').split(','));
const app = express();
app.use('/payment', participant);
app.get('/accounts/:card', async (request, response) => {
  const account = await readAccount(pool, request.params.card);
  if (account === null) response.status(404).json({ reason: 'unknown-card' });
  else response.json(account);
});
app.use(answerFaults);

await listen('payment service', app, async () => {
  await participant.close();
  await pool.end();
});
