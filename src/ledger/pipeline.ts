// Owns the one connection on which the optimistic path's statements follow each other without waiting: PostgreSQL begins the
// next batch while the answer to the last one is on its way and being read. Each statement is a transaction of its own.
import pg from 'pg';
import { LedgerFault } from '../coordinator/ledger.ts';
import { faultOf } from './faults.ts';
import { ANSWER_MARGIN_MS } from './pool.ts';
import { statement } from './statements.ts';

export interface PipelineOptions {
  readonly databaseUrl: string;
  /** How long to wait for a connection, and for the answer to a statement, in ms. */
  readonly timeoutMs: number;
  readonly onFault: (error: unknown) => void;
  /** The one statement that runs here, and parameters with which it changes nothing. */
  readonly text: string;
  readonly emptyParameters: readonly unknown[];
}

const SESSION = statement('session.sql');
const NAME = 'pipelined';

export class Pipeline {
  readonly #options: PipelineOptions;
  #client: Promise<pg.Client> | null = null;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /**
   * Sends the statement behind those that are under way. Where the connection fails, all of them do, and the next call
   * makes a new one.
   * @returns the one column of its one row
   * @throws LedgerFault
   */
  async call(values: readonly unknown[]): Promise<string> {
    this.#client ??= this.#connect();
    const connecting = this.#client;
    const client = await connecting.catch((error: unknown) => {
      this.#drop(connecting);
      // Whatever the reason (a password that was changed, a certificate that ran out), it is nothing about the work.
      throw new LedgerFault('unavailable', error);
    });
    try {
      return await send(client, this.#options.text, values);
    } catch (error) {
      const fault = faultOf(error);
      if (fault.kind === 'unavailable') this.#drop(connecting);
      throw fault;
    }
  }

  async end(): Promise<void> {
    const client = await this.#client?.catch(() => null);
    this.#client = null;
    await client?.end();
  }

  async #connect(): Promise<pg.Client> {
    const { databaseUrl, timeoutMs, onFault, text, emptyParameters } = this.#options;
    const client = new pg.Client({
      connectionString: databaseUrl,
      connectionTimeoutMillis: timeoutMs,
      // The server gives up first, so that nothing goes on there for a caller who has left.
      statement_timeout: timeoutMs,
      lock_timeout: timeoutMs,
      query_timeout: timeoutMs + ANSWER_MARGIN_MS,
      keepAlive: true,
      application_name: 'holdfast lane',
      pipeline: true,
    });
    client.on('error', onFault);
    try {
      await client.connect();
      await client.query(SESSION);
      // Prepared before the first two may overlap: a name can be prepared once only.
      await send(client, text, emptyParameters);
      return client;
    } catch (error) {
      await client.end().catch(onFault);
      throw error;
    }
  }

  #drop(broken: Promise<pg.Client>): void {
    if (this.#client !== broken) return;
    this.#client = null;
    broken.then((client) => client.end()).catch(this.#options.onFault);
  }
}

async function send(client: pg.Client, text: string, values: readonly unknown[]): Promise<string> {
  const result = await client.query<string[], unknown[]>({ name: NAME, text, values: [...values], rowMode: 'array' });
  const answer = result.rows[0]?.[0];
  if (answer === undefined) throw new LedgerFault('unexpected', new Error('the statement answered nothing'));
  return answer;
}
