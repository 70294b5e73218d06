// Owns the writing side of PostgreSQL: the port's three calls, each one transaction.
import {
  type Applied,
  type AppliedReplies,
  type DoneReply,
  type Keys,
  type Ledger,
  LedgerFault,
  type PlainCommand,
  type Snapshot,
} from '../coordinator/ledger.ts';
import type { Change } from '../coordinator/rows.ts';
import { nameArray, plainArray } from './arrays.ts';
import { changeParameters } from './changes.ts';
import { lockedSnapshotOf, snapshotOf } from './documents.ts';
import { appliedOf, parametersOf } from './optimistic.ts';
import { Pipeline } from './pipeline.ts';
import { Pool, type PoolOptions, type PoolUse } from './pool.ts';
import { replyCall } from './replies.ts';
import { statement } from './statements.ts';

const APPLY = statement('calls/apply_commands.sql');
const REPLIES = statement('calls/apply_replies.sql');
const LOAD = statement('calls/load_rows.sql');
const LOCK = statement('calls/lock_rows.sql');
const SAVE = statement('calls/save_changes.sql');

type Client = Parameters<Parameters<Pool['with']>[0]>[0];

export class PostgresLedger implements Ledger {
  readonly #pipeline: Pipeline;
  readonly #pool: Pool;
  readonly #leaseHolder: () => string | null;

  /**
   * @param options of its own connections, so that reads never make a commit wait; `size` bounds those of the exact path
   * @param leaseHolder the id under which this coordinator holds its lease now; null where it has none: then what it is to do
   * about branches is anybody's
   */
  constructor(options: PoolOptions, leaseHolder: () => string | null = () => null) {
    this.#leaseHolder = leaseHolder;
    this.#pipeline = new Pipeline({ ...options, text: APPLY, emptyParameters: parametersOf([], false) });
    this.#pool = new Pool({ ...options, isPipelined: true });
  }

  async apply(commands: readonly PlainCommand[], again: boolean): Promise<Applied> {
    return appliedOf(commands, await this.#pipeline.call(parametersOf(commands, again)));
  }

  applyReplies(replies: readonly DoneReply[]): Promise<AppliedReplies> {
    const { values, read } = replyCall(replies);
    return this.#pool.with(async (client) => read(await call(client, 'replies', REPLIES, values)));
  }

  load(keys: Keys): Promise<Snapshot> {
    return this.#pool.with(async (client) => snapshotOf(await call(client, 'load', LOAD, keyParameters(keys))));
  }

  async exclusively(keys: Keys, decideAll: (snapshot: Snapshot) => readonly Change[]): Promise<void> {
    const done = await this.#pool.with(async (client) => {
      // Sent together: what is not waited for costs no round trip. Where one fails, those behind it do nothing.
      const [, locked] = await Promise.all([
        client.query('BEGIN'),
        call(client, 'lock', LOCK, [...keyParameters(keys), ...openedParameters(keys)]),
      ]);
      const snapshot = lockedSnapshotOf(locked);
      if (snapshot === null) {
        await client.query('ROLLBACK');
        return false;
      }
      const changes = decideAll(snapshot);
      if (changes.length === 0) await client.query('COMMIT');
      else {
        const values = [this.#leaseHolder(), ...changeParameters(changes)];
        // A COMMIT behind a failed statement is a ROLLBACK.
        await Promise.all([client.query({ name: 'save', text: SAVE, values }), client.query('COMMIT')]);
      }
      return true;
    });
    // Thrown out here, where the connection is not closed for it: a rival is no reason to make a new one.
    if (!done) throw new LedgerFault('conflict', new Error('another writer is making, or has just made, a row of this batch'));
  }

  /** Of the connections of the exact path. */
  get use(): PoolUse {
    return this.#pool.use;
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
    plainArray(keys.settling),
    nameArray(keys.stock.map((item) => item.sku)),
    nameArray(keys.stock.map((item) => item.warehouse)),
    nameArray(keys.countedSkus),
    plainArray(keys.movements),
    plainArray(keys.refunds.map((refund) => refund.transactionId)),
    plainArray(keys.refunds.map((refund) => refund.id)),
    nameArray(keys.participants),
    nameArray(keys.changedParticipants),
  ];
}

function openedParameters({ opened }: Keys): unknown[] {
  return [
    plainArray(opened.transactions),
    nameArray(opened.stock.map((item) => item.sku)),
    nameArray(opened.stock.map((item) => item.warehouse)),
  ];
}
