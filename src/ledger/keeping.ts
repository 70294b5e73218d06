// Owns the statements of what is done in the background, on connections of its own, by one instance at a time.
import type { CounterKey, Keeping, KeepingSession, RecordedAct } from '../coordinator/keeping.ts';
import { LedgerFault } from '../coordinator/ledger.ts';
import { linkOfText } from './acts.ts';
import { nameArray, plainArray } from './arrays.ts';
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const TRY = statement('queries/try_keeping.sql');
const END = statement('queries/end_keeping.sql');
const RETIRE = statement('calls/retire_transactions.sql');
const COUNTERS = statement('queries/counters.sql');
const DRIFT = statement('queries/counter_drift.sql');
const PENDING_ACTS = statement('queries/pending_acts.sql');
const LINK_ACTS = statement('queries/link_acts.sql');

/** Advisory locks: any numbers of our own, the same in every instance. */
const KEYS = { retention: 7_205_002, reconciliation: 7_205_003, audit: 7_205_004 } as const;

type Client = Parameters<Parameters<Pool['with']>[0]>[0];
type Row = readonly (string | null)[];

export class PostgresKeeping implements Keeping {
  readonly #pool: Pool;

  /** @param pool its connections are held for as long as a work lasts: one for each task */
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  exclusively(task: keyof typeof KEYS, work: (session: KeepingSession) => Promise<void>): Promise<boolean> {
    const key = KEYS[task];
    return this.#pool.with(async (client) => {
      const [row] = await rowsOf(client, 'keeping_try', TRY, [key]);
      if (row?.[0] !== 't') return false;
      // Where the work fails, the connection is closed, and with it goes the lock.
      await work(sessionOn(client));
      await rowsOf(client, 'keeping_end', END, [key]);
      return true;
    });
  }
}

function sessionOn(client: Client): KeepingSession {
  return {
    retire: async (olderThanDays, most) => {
      const [row] = await rowsOf(client, 'keeping_retire', RETIRE, [olderThanDays, most]);
      return Number(textOf(row, 0));
    },
    counters: async (after, limit) => {
      const rows = await rowsOf(client, 'keeping_counters', COUNTERS, [after?.sku ?? '', after?.warehouse ?? '', limit]);
      return rows.map((row) => ({ sku: textOf(row, 0), warehouse: textOf(row, 1), content: textOf(row, 2) }));
    },
    drift: async (counters) => {
      const names = (pick: (counter: CounterKey) => string): string => nameArray(counters.map(pick));
      const [row] = await rowsOf(client, 'keeping_drift', DRIFT, [names(({ sku }) => sku), names(({ warehouse }) => warehouse)]);
      const { drift } = JSON.parse(textOf(row, 0)) as { drift: readonly [string, string, number, number, number][] };
      return drift.map(([sku, warehouse, available, reserved, deducted]) => ({ sku, warehouse, available, reserved, deducted }));
    },
    pendingActs: async (most) => {
      const [row] = await rowsOf(client, 'keeping_acts', PENDING_ACTS, [most]);
      const [last, entries] = [row?.[0] ?? null, row?.[1] ?? null];
      return {
        last: last === null ? null : linkOfText(last),
        entries: entries === null ? [] : (JSON.parse(entries) as RecordedAct[]),
        now: Number(textOf(row, 2)),
      };
    },
    link: async ({ number, entryIds, previous, hash, at }) => {
      await rowsOf(client, 'keeping_link', LINK_ACTS, [number, plainArray(entryIds), previous, hash, at]);
    },
  };
}

/** @param name by which it is known to those who watch statements */
async function rowsOf(client: Client, name: string, text: string, values: readonly unknown[]): Promise<readonly Row[]> {
  const result = await client.query<(string | null)[], unknown[]>({
    name,
    text,
    values: [...values],
    rowMode: 'array',
    // As PostgreSQL writes them: each reader here knows what it asked for.
    types: { getTypeParser: () => (value: string) => value },
  });
  return result.rows;
}

function textOf(row: Row | undefined, index: number): string {
  const value = row?.[index];
  if (value === undefined || value === null)
    throw new LedgerFault('unexpected', new Error('a column that is never null was null'));
  return value;
}
