// Owns connections to PostgreSQL: how they are opened, what each sets for itself, and what happens when one fails.
import pg from 'pg';
import { LedgerFault } from '../coordinator/ledger.ts';
import { DatabaseUnavailable } from '../coordinator/queries.ts';
import { faultOf } from './faults.ts';
import { statement } from './statements.ts';

export interface PoolOptions {
  readonly databaseUrl: string;
  readonly size: number;
  /** How long to wait for a connection, and for the answer to a statement, in ms. */
  readonly timeoutMs: number;
  readonly onFault: (error: unknown) => void;
  readonly applicationName?: string;
  /** Statements of one connection are sent without waiting for the answer to the one before. */
  readonly isPipelined?: boolean;
}

/** How it stands with a pool. */
export interface PoolUse {
  readonly pool: string;
  readonly max: number;
  readonly used: number;
  readonly idle: number;
  readonly waiting: number;
}

const SESSION = statement('session.sql');
/** How much longer than the server the client waits, for the answer to arrive. */
export const ANSWER_MARGIN_MS = 250;

/** A pool whose connections are set up by sql/session.sql and are dropped, not reused, after any failure. */
export class Pool {
  readonly #pool: pg.Pool;
  readonly #name: string;

  constructor(options: PoolOptions) {
    this.#name = (options.applicationName ?? '').replace(/^holdfast ?/, '');
    this.#pool = new pg.Pool({
      connectionString: options.databaseUrl,
      max: options.size,
      connectionTimeoutMillis: options.timeoutMs,
      // The server gives up first, so that nothing goes on there for a caller who has left.
      statement_timeout: options.timeoutMs,
      lock_timeout: options.timeoutMs,
      query_timeout: options.timeoutMs + ANSWER_MARGIN_MS,
      idleTimeoutMillis: 0,
      pipeline: options.isPipelined ?? false,
      keepAlive: true,
      application_name: options.applicationName ?? 'holdfast',
      // Settings come first on the wire of each new connection, whatever options the URL has.
      onConnect: async (client: pg.ClientBase) => {
        await client.query(SESSION);
      },
    });
    // An idle connection that breaks (a restart of the server) is replaced at the next use.
    this.#pool.on('error', (error) => {
      // It carries the whole client with it, the key to cancel its statements included: nothing for a log.
      Reflect.deleteProperty(error, 'client');
      options.onFault(error);
    });
  }

  /**
   * Runs work on one connection. After a failure the connection is closed: what was open on it is rolled back.
   * @throws LedgerFault
   */
  async with<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      // Whatever the reason (a password that was changed, a certificate that ran out), it is nothing about the work.
      throw new LedgerFault('unavailable', error);
    });
    let failed = true;
    // Without a listener, a connection that breaks between two statements would crash the process.
    const ignore = (): void => {};
    client.on('error', ignore);
    try {
      const result = await work(client);
      failed = false;
      return result;
    } catch (error) {
      throw faultOf(error);
    } finally {
      client.off('error', ignore);
      client.release(failed);
    }
  }

  /**
   * One statement by itself, nearly always a read; its rows as arrays.
   * @param name under which it is prepared once; null has it planned anew each time, for statements whose best plan
   * depends on their parameters
   * @throws DatabaseUnavailable where PostgreSQL does not answer; the plain fault for one of ours
   */
  async read(name: string | null, text: string, values: readonly unknown[]): Promise<readonly (readonly (string | null)[])[]> {
    try {
      const result = await this.with((client) =>
        client.query<(string | null)[], unknown[]>({
          ...(name === null ? {} : { name }),
          text,
          values: [...values],
          rowMode: 'array',
        }),
      );
      return result.rows;
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === 'unexpected') throw fault;
      throw new DatabaseUnavailable(fault);
    }
  }

  get use(): PoolUse {
    const { totalCount, idleCount, waitingCount, options } = this.#pool;
    const max = options.max;
    return { pool: this.#name, max, used: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}
