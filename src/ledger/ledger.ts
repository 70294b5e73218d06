// Owns the writing side of PostgreSQL: the port's three calls, each one transaction.
import { type Applied, type Keys, type Ledger, LedgerFault, type PlainCommand, type Snapshot } from '../coordinator/ledger.ts';
import type { Change } from '../coordinator/rows.ts';
import { nameArray, plainArray } from './arrays.ts';
import { changesDocument } from './changes.ts';
import { lockedSnapshotOf, snapshotOf } from './documents.ts';
import { appliedOf, parametersOf } from './optimistic.ts';
import { Pipeline } from './pipeline.ts';
import { Pool, type PoolOptions } from './pool.ts';
import { statement } from './statements.ts';

const APPLY = statement('calls/apply_commands.sql');
const LOAD = statement('calls/load_rows.sql');
const LOCK = statement('calls/lock_rows.sql');
const SAVE = statement('calls/save_changes.sql');

type Client = Parameters<Parameters<Pool['with']>[0]>[0];

export class PostgresLedger implements Ledger {
  readonly #pipeline: Pipeline;
  readonly #pool: Pool;

  /** @param options of its own connections, so that reads never make a commit wait; `size` bounds those of the exact path */
  constructor(options: PoolOptions) {
    this.#pipeline = new Pipeline({ ...options, text: APPLY, emptyParameters: parametersOf([], false) });
    this.#pool = new Pool(options);
  }

  async apply(commands: readonly PlainCommand[], again: boolean): Promise<Applied> {
    return appliedOf(commands, await this.#pipeline.call(parametersOf(commands, again)));
  }

  load(keys: Keys): Promise<Snapshot> {
    return this.#pool.with(async (client) => snapshotOf(await call(client, 'load', LOAD, keyParameters(keys))));
  }

  async exclusively(keys: Keys, decideAll: (snapshot: Snapshot) => readonly Change[]): Promise<void> {
    const done = await this.#pool.with(async (client) => {
      await client.query('BEGIN');
      const snapshot = lockedSnapshotOf(await call(client, 'lock', LOCK, [...keyParameters(keys), ...openedParameters(keys)]));
      if (snapshot === null) {
        await client.query('ROLLBACK');
        return false;
      }
      const changes = decideAll(snapshot);
      if (changes.length > 0) await client.query({ name: 'save', text: SAVE, values: [changesDocument(changes)] });
      await client.query('COMMIT');
      return true;
    });
    // Thrown out here, where the connection is not closed for it: a rival is no reason to make a new one.
    if (!done) throw new LedgerFault('conflict', new Error('another writer is making, or has just made, a row of this batch'));
  }

  async end(): Promise<void> {
    await Promise.all([this.#pipeline.end(), this.#pool.end()]);
  }
}

async function call(client: Client, name: string, text: string, values: unknown[]): Promise<string> {
  const result = await client.query<string[], unknown[]>({ name, text, values, rowMode: 'array' });
  const answer = result.rows[0]?.[0];
  if (answer === undefined) throw new LedgerFault('unexpected', new Error(`${name} answered nothing`));
  return answer;
}

function keyParameters(keys: Keys): unknown[] {
  return [
    plainArray(keys.transactions),
    nameArray(keys.stock.map((item) => item.sku)),
    nameArray(keys.stock.map((item) => item.warehouse)),
    nameArray(keys.countedSkus),
    plainArray(keys.movements),
    plainArray(keys.refunds.map((refund) => refund.transactionId)),
    plainArray(keys.refunds.map((refund) => refund.id)),
  ];
}

function openedParameters({ opened }: Keys): unknown[] {
  return [
    plainArray(opened.transactions),
    nameArray(opened.stock.map((item) => item.sku)),
    nameArray(opened.stock.map((item) => item.warehouse)),
  ];
}
