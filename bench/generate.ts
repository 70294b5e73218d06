// Owns the filling of a ledger with millions of rows: set-based, in slices, straight into the tables, left consistent.
import type pg from 'pg';
import { statement } from './database.ts';

const SLICE = 250_000;

/**
 * @param file which statement of sql/ makes the rows; its first two parameters are the slice's first and last number
 * @param parameters its others
 */
export async function generate(
  client: pg.Client,
  file: 'history' | 'open',
  rowCount: number,
  parameters: readonly unknown[],
): Promise<void> {
  const text = await statement(file);
  const begunAt = performance.now();
  // The rows are thrown away with the server; a power cut would cost a repetition and no sale.
  await client.query('SET synchronous_commit = off');
  for (let first = 1; first <= rowCount; first += SLICE) {
    const last = Math.min(rowCount, first + SLICE - 1);
    await client.query(text, [first, last, ...parameters]);
    const perSecond = Math.round(last / ((performance.now() - begunAt) / 1000));
    console.log(
      `  ${last.toLocaleString('en')} of ${rowCount.toLocaleString('en')} written, ${perSecond.toLocaleString('en')}/s`,
    );
  }
  await client.query(await statement('carry-into-stock'));
  await client.query('RESET synchronous_commit');
}

/** Leaves the tables as autovacuum would have, and nothing for it to do during a measurement. */
export async function settle(client: pg.Client): Promise<void> {
  await client.query('VACUUM (ANALYZE)');
  await client.query('CHECKPOINT');
}
