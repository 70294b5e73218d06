// Owns reading the whole ledger when everything has settled, in one snapshot, into database.ndjson.
import type pg from 'pg';
import { chaosStatement } from '../cluster/statement.ts';
import type { DatabaseRecord } from '../record.ts';
import { writerTo } from './evidence.ts';
import { withLedger } from './snapshot.ts';

/** The ledger of a long run is sorted before its first row comes. */
const LIMIT_MS = 120_000;
const TABLES = ['collect_stock.sql', 'collect_transactions.sql', 'collect_movements.sql', 'collect_attempts.sql'] as const;

/**
 * @param url past every proxy
 * @param file is made anew
 * @throws Error where the ledger cannot be read or the file not be written
 */
export async function collectDatabase(url: string, file: string): Promise<void> {
  const writer = writerTo<DatabaseRecord>(file);
  try {
    await withLedger(url, LIMIT_MS, async (client) => {
      await client.query(chaosStatement('begin_snapshot.sql'));
      for (const table of TABLES) for await (const record of recordsOf(client, table)) writer.write(record);
    });
  } finally {
    await writer.close();
  }
}

async function* recordsOf(client: pg.Client, table: (typeof TABLES)[number]): AsyncGenerator<DatabaseRecord> {
  await client.query(chaosStatement(table));
  const fetchRows = chaosStatement('fetch_rows.sql');
  for (;;) {
    const { rows } = await client.query<{ record: DatabaseRecord }>(fetchRows);
    if (rows.length === 0) break;
    for (const { record } of rows) yield record;
  }
  await client.query(chaosStatement('close_rows.sql'));
}
