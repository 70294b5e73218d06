// Owns the tests of what the exact path decides on while others write: only on rows that it holds the locks of (I3, I5, I8).
import { expect } from 'chai';
import pg from 'pg';
import type { Refused, TransactionAccepted, TransactionCommand } from '../../src/coordinator/command.ts';
import { Lane } from '../../src/coordinator/lane.ts';
import type { PostgresLedger } from '../../src/ledger/ledger.ts';
import {
  confirmOf,
  expireOf,
  extendOf,
  movementId,
  moveOf,
  refundId,
  refundOf,
  transactionId,
  tryOf,
} from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const ID = transactionId(1);

function laneOn(ledger: PostgresLedger): Lane {
  return new Lane(ledger, { queueLimit: 100, batchLimit: 100, patienceMs: 10_000, onEffects: () => {}, onFault: () => {} });
}

describe('what others do between a look and a lock', () => {
  let server: TestServer;
  let database: LedgerDatabase;
  let lane: Lane;
  let rival: Lane;
  let outsider: pg.Client;

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'locks');
    lane = laneOn(database.another());
    rival = laneOn(database.another());
    outsider = new pg.Client({ connectionString: database.url });
    await outsider.connect();
  });

  after(async () => {
    await outsider.end();
    await database.close();
    await server.stop();
  });

  beforeEach(async () => {
    await database.empty();
    await lane.submit(moveOf(movementId(1), 'RECEIVE', ['held', 100]));
    await lane.submit(moveOf(movementId(2), 'RECEIVE', ['sold', 100]));
  });

  /** Waits until so many sessions wait for a lock. */
  async function untilWaiting(sessions: number): Promise<void> {
    for (;;) {
      const [row] = await database.query(`SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'`);
      if (row?.waiting === sessions) return;
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  /** Has the lane stop between its locks on transactions and its look at them, and do so while the work runs. */
  async function whileWaiting(
    commands: readonly TransactionCommand[],
    work: () => Promise<unknown>,
  ): Promise<readonly (TransactionAccepted | Refused)[]> {
    await outsider.query('BEGIN');
    await outsider.query(`SELECT 1 FROM holdfast.stock WHERE sku = 'held' FOR UPDATE`);
    // They share a batch: the movement waits for its SKU, and so do the commands beside it.
    const moved = lane.submit(moveOf(movementId(3), 'RECEIVE', ['held', 1]));
    const verdicts = Promise.all(commands.map((command) => lane.submit(command)));
    await untilWaiting(1);
    await work();
    await outsider.query('COMMIT');
    await moved;
    return verdicts;
  }

  it('never refund twice what was sold once', async () => {
    await rival.submit(tryOf(transactionId(2), [['sold', 50]]));
    await rival.submit(confirmOf(transactionId(2)));
    const locked = new pg.Client({ connectionString: database.url });
    await locked.connect();
    const ours = whileWaiting([refundOf(ID, refundId(1))], async () => {
      await rival.submit(tryOf(ID, [['sold', 10]]));
      await rival.submit(confirmOf(ID));
      // Somebody refunds it too, and is not done yet when the lane looks.
      await locked.query('BEGIN');
      await locked.query(`SELECT 1 FROM holdfast.transaction WHERE id = $1 FOR UPDATE`, [ID]);
      await locked.query(`UPDATE holdfast.reservation SET state = 'AVAILABLE', refunded = 10 WHERE transaction_id = $1`, [ID]);
      await locked.query(`UPDATE holdfast.stock SET available = available + 10, deducted = deducted - 10 WHERE sku = 'sold'`);
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await locked.query('COMMIT');
    await locked.end();
    const [verdict] = await ours;
    expect(verdict?.ok && verdict.transaction).to.deep.include({ id: ID, state: 'CONFIRMED' });
    expect(await database.audit()).to.deep.equal([]);
  });

  it('never expire what was extended a moment ago', async () => {
    const locked = new pg.Client({ connectionString: database.url });
    await locked.connect();
    const ours = whileWaiting([extendOf(ID, 1000), expireOf(ID)], async () => {
      await rival.submit(tryOf(ID, [['sold', 10]], { timeoutMs: 20 }));
      await locked.query('BEGIN');
      await locked.query(`UPDATE holdfast.transaction SET expires_at = expires_at + interval '1 hour' WHERE id = $1`, [ID]);
      await new Promise((resolve) => setTimeout(resolve, 25));
    });
    await new Promise((resolve) => setTimeout(resolve, 150));
    await locked.query('COMMIT');
    await locked.end();
    const [extended, expired] = await ours;
    expect(extended?.ok, 'the extend').to.equal(true);
    expect(expired?.ok === false && expired.problem.code, 'the expiry').to.equal('invalid-transition');
  });

  it('never call expired what a confirm that began in time is about to sell', async () => {
    await rival.submit(tryOf(ID, [['sold', 10]], { timeoutMs: 50 }));
    await outsider.query('BEGIN');
    await outsider.query(`UPDATE holdfast.transaction SET state = 'CONFIRMED', decided_at = now() WHERE id = $1`, [ID]);
    await outsider.query(`UPDATE holdfast.reservation SET state = 'DEDUCTED', deducted = 10 WHERE transaction_id = $1`, [ID]);
    await outsider.query(`UPDATE holdfast.stock SET reserved = reserved - 10, deducted = deducted + 10 WHERE sku = 'sold'`);
    await new Promise((resolve) => setTimeout(resolve, 60));
    const confirmed = lane.submit(confirmOf(ID, [['sold', 10]]));
    const tried = rival.submit(tryOf(ID, [['sold', 10]], { timeoutMs: 50 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await outsider.query('COMMIT');
    expect((await confirmed).ok, 'the confirm').to.equal(true);
    expect((await tried).ok, 'the Try').to.equal(true);
  });

  it('never hold a Try whose own deadline came while it waited for its counters', async () => {
    await outsider.query('BEGIN');
    await outsider.query(`SELECT 1 FROM holdfast.stock WHERE sku = 'sold' FOR UPDATE`);
    const tried = lane.submit(tryOf(ID, [['sold', 10]], { timeoutMs: 100 }));
    await untilWaiting(1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await outsider.query('COMMIT');
    const verdict = await tried;
    // Decided again under the locks, by a clock read after them: held from now on, not from before the wait.
    const [row] = await database.query('SELECT expires_at > clock_timestamp() AS held FROM holdfast.transaction WHERE id = $1', [
      ID,
    ]);
    expect(verdict.ok && row?.held, JSON.stringify(verdict)).to.equal(true);
  });
});
