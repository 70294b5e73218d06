// Owns the audit in PostgreSQL: acts of their own, pages of entries, and one snapshot of all of it to hold the chain against.
import type { Entry } from '../access/chain.ts';
import type { AuditLog, AuditReading, EntryFilter, ListedEntry } from '../access/store.ts';
import type { Act } from '../coordinator/act.ts';
import { actsParameter, entryOfText, linkOfText } from './acts.ts';
import { plainArray } from './arrays.ts';
import type { Pool } from './pool.ts';
import { statement } from './statements.ts';

const RECORD = statement('calls/record_acts.sql');
const ENTRIES = statement('queries/audit_entries.sql');
const ENTRIES_BY_ID = statement('queries/audit_entries_by_id.sql');
const LINKS = statement('queries/audit_links.sql');
const LOOSE = statement('queries/loose_acts.sql');

type Client = Parameters<Parameters<Pool['with']>[0]>[0];

export class PostgresAudit implements AuditLog {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async record(act: Act): Promise<void> {
    await this.#pool.read('record_acts', RECORD, [actsParameter([act])]);
  }

  async list({ act, subject }: EntryFilter, limit: number, before: string | null): Promise<readonly ListedEntry[]> {
    const rows = await this.#pool.read('audit_entries', ENTRIES, [act, subject, before, limit]);
    return rows.map(([document, link]) => ({
      ...entryOfText(document ?? ''),
      link: link === null || link === undefined ? null : Number(link),
    }));
  }

  /** Runs a look at all of it in one snapshot, so that what happens meanwhile is no fault of the chain. */
  read<T>(look: (reading: AuditReading) => Promise<T>): Promise<T> {
    return this.#pool.with(async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const result = await look(readingOn(client));
      await client.query('COMMIT');
      return result;
    });
  }
}

function readingOn(client: Client): AuditReading {
  const rowsOf = async (text: string, values: readonly unknown[]) =>
    (await client.query<string[], unknown[]>({ text, values: [...values], rowMode: 'array' })).rows;
  return {
    links: async (after, limit) => (await rowsOf(LINKS, [after, limit])).map(([document]) => linkOfText(document ?? '')),
    entries: async (ids): Promise<readonly Entry[]> =>
      (await rowsOf(ENTRIES_BY_ID, [plainArray(ids)])).map(([document]) => entryOfText(document ?? '')),
    loose: async () => {
      const [row] = await rowsOf(LOOSE, []);
      const [strays, lost] = [row?.[1], row?.[2]].map((list) => JSON.parse(list ?? '[]') as string[]);
      return { pending: Number(row?.[0] ?? 0), strays: strays ?? [], lost: lost ?? [] };
    },
  };
}
