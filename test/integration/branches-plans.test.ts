// Owns the test that finding work on branches costs what there is to do, not what was ever done, nor what waits: with a hundred
// thousand settled branches around, and thousands of one whose participant is away, each look reads a handful of rows, by an index,
// whatever the tables were when its plan was made.
import { expect } from 'chai';
import { statement } from '../../src/ledger/statements.ts';
import { coordinatorId, startCoordinator } from '../support/branch-coordinator.ts';
import { branchesOf, putParticipantOf, transactionId, tryOf } from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const SETTLED = 100_000;
/** Unsettled, and not due for an hour. */
const PARKED = 3_000;
const WAITING = 5;
/** For an index, its rows, and the transactions they belong to, with a margin: a scan of either table would read 100,000. */
const ROWS_AT_MOST = 100;

const LOOKS: Readonly<Record<string, readonly [text: string, values: readonly unknown[]]>> = {
  'claims what is due': [
    statement('queries/claim_branches.sql'),
    [coordinatorId(1), ['pay', 'points', 'away'], [10, 10, 10], [null, Date.parse('2020-01-01'), null]],
  ],
  'finds who is waited for': [statement('queries/waiting_participants.sql'), []],
  'tells what a coordinator holds': [statement('queries/held_branches.sql'), [coordinatorId(1)]],
  'ends a lease': [statement('queries/end_leases.sql'), [coordinatorId(1)]],
  'tells whether a participant is in use': [statement('calls/load_rows.sql'), [...Array(9).fill([]), ['points']]],
};

describe('work on branches, with a hundred thousand settled ones and thousands that wait around', function () {
  this.timeout(60_000);
  let server: TestServer;
  let database: LedgerDatabase;

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'branch_plans');
    await database.query(statement('session.sql'));
    // Plans made now are kept for as long as the connection lives, by the functions that have made them.
    for (const [text, values] of Object.values(LOOKS)) await database.query(text, values);
    await database.query(
      `INSERT INTO holdfast.transaction (id, state, branch_count, content_hash, created_at, expires_at, decided_at, updated_at)
       SELECT lpad(to_hex(n), 32, '0')::uuid, 'CONFIRMED', 1, '\\x00', now(), now(), now(), now() FROM generate_series(1000, 999 + $1::int) n`,
      [SETTLED],
    );
    await database.query(
      `INSERT INTO holdfast.branch (transaction_id, id, position, participant, state, phase, fence, traceparent)
       SELECT id, id, 0, 'pay', 'CONFIRMED', 'confirm', 2, '' FROM holdfast.transaction`,
    );
    await database.query(
      `INSERT INTO holdfast.transaction (id, state, branch_count, content_hash, created_at, expires_at, decided_at, updated_at)
       SELECT lpad(to_hex(n), 32, '0')::uuid, 'CONFIRMING', 1, '\\x00', now(), now(), now(), now() FROM generate_series(200000, 199999 + $1::int) n`,
      [PARKED],
    );
    await database.query(
      `INSERT INTO holdfast.branch (transaction_id, id, position, participant, state, phase, fence, traceparent, attempted_at, next_attempt_at)
       SELECT id, id, 0, 'away', 'TRIED', 'confirm', 3, '', now(), now() + interval '1 hour' FROM holdfast.transaction WHERE state = 'CONFIRMING'`,
    );
    const one = await startCoordinator(database, 1);
    const nobody = await startCoordinator(database, 2, null);
    await one.tell(putParticipantOf('pay'), putParticipantOf('points'));
    const begin = (number: number) =>
      tryOf(transactionId(number), [], { branches: branchesOf(transactionId(number), 'pay'), timeoutMs: 60_000 });
    await nobody.tell(...Array.from({ length: WAITING }, (_, index) => begin(index + 1)));
    await one.tell(begin(WAITING + 1));
    await Promise.all([one.lane.close(), nobody.lane.close()]);
  });

  after(async () => {
    await database.close();
    await server.stop();
  });

  /** By this session, of branches and transactions; what of it was not yet added to the server's own count. */
  async function rowsRead(): Promise<number> {
    const [row] = await database.query(
      `SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int AS rows
       FROM pg_stat_xact_user_tables WHERE relname IN ('branch', 'transaction')`,
    );
    return Number(row?.rows ?? 0);
  }

  for (const [what, [text, values]] of Object.entries(LOOKS)) {
    it(what, async () => {
      await database.query('BEGIN');
      try {
        const before = await rowsRead();
        const answer = await database.query(text, values);
        const read = (await rowsRead()) - before;
        expect(read).to.be.within(1, ROWS_AT_MOST);
        expect(answer, 'it finds something').not.to.deep.equal([]);
      } finally {
        await database.query('ROLLBACK');
      }
    });
  }
});
