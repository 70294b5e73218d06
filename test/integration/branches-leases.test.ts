// Owns the tests of leases, fences and claims on a real PostgreSQL: two coordinators never drive the same branch, what a dead one
// held becomes anybody's without a reply being lost, and one that wakes up has no say any more (I11).
import { expect } from 'chai';
import pg from 'pg';
import {
  type BranchCoordinator,
  coordinatorId,
  letLapse,
  startCoordinator,
  untilSomebodyWaits,
} from '../support/branch-coordinator.ts';
import { branchesOf, branchId, putParticipantOf, replyOf, retryOf, transactionId, tryOf } from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const ID = transactionId(1);

describe('the lease of a coordinator', () => {
  let server: TestServer;
  let database: LedgerDatabase;
  let nobody: BranchCoordinator;
  let one: BranchCoordinator;
  let two: BranchCoordinator;
  let outsider: pg.Client;

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'leases');
    outsider = new pg.Client({ connectionString: database.url });
    await outsider.connect();
  });

  beforeEach(async () => {
    await database.empty();
    nobody = await startCoordinator(database, 0, null);
    one = await startCoordinator(database, 1);
    two = await startCoordinator(database, 2);
    await one.tell(putParticipantOf('pay'), putParticipantOf('points'));
  });

  afterEach(async () => {
    await Promise.all([nobody, one, two].map(({ lane }) => lane.close()));
    expect(await database.audit()).to.deep.equal([]);
  });

  after(async () => {
    await outsider.end();
    await database.close();
    await server.stop();
  });

  /** Transactions of one branch each, numbered from 1, that wait to be asked, in their order. */
  async function due(count: number, participant = 'pay', from = 1): Promise<void> {
    const ids = Array.from({ length: count }, (_, index) => transactionId(from + index));
    await nobody.tell(...ids.map((id) => tryOf(id, [], { branches: branchesOf(id, participant), timeoutMs: 60_000 })));
    await database.query(
      `UPDATE holdfast.branch SET next_attempt_at = clock_timestamp() - interval '1 hour' + right(id::text, 12)::int * interval '1 second'
       WHERE lease_holder IS NULL`,
    );
  }

  const claimOf = (participant: string, limit: number, resumedAt: number | null = null) => ({ participant, limit, resumedAt });
  const numbersOf = (calls: readonly { readonly transactionId: string }[]): number[] =>
    calls.map(({ transactionId: id }) => Number(id.slice(-12))).sort((a, b) => a - b);

  it('grants what its own commits ask for, and a save after its end leaves that due for anybody', async () => {
    const begin = (number: number) =>
      tryOf(transactionId(number), [], { branches: branchesOf(transactionId(number), 'pay'), timeoutMs: 60_000 });
    await one.tell(begin(1));
    expect((await one.branch(ID, 0)).work).to.deep.equal({ kind: 'under-way', phase: 'try' });
    await letLapse(one);
    await one.tell(begin(2));
    expect((await one.branch(transactionId(2), 0)).work.kind, 'lapsed').to.equal('waiting');
    expect(await two.work.endLeases(null)).to.equal(1);
    await one.tell(begin(3));
    expect((await one.branch(transactionId(3), 0)).work.kind, 'ended').to.equal('waiting');
    expect(numbersOf(await two.work.claim(two.id, [claimOf('pay', 10)]))).to.deep.equal([1, 2, 3]);
  });

  it('is renewed while it lasts, and never once it has lapsed or ended', async () => {
    expect(await one.work.renewLease(one.id, 60_000)).to.equal(true);
    await letLapse(one);
    expect(await one.work.renewLease(one.id, 60_000)).to.equal(false);
    expect(await one.work.claim(one.id, [claimOf('pay', 1)])).to.deep.equal([]);
    expect(await two.work.endLeases(null)).to.equal(0);
    expect(await one.work.renewLease(one.id, 60_000)).to.equal(false);
    expect(await two.work.endLeases(two.id)).to.equal(0);
    expect(await database.query('SELECT id FROM holdfast.coordinator')).to.deep.equal([]);
  });

  it('claims the oldest first, of each participant as many as it may, under a new fence', async () => {
    await due(5);
    await due(3, 'points', 11);
    const calls = await one.work.claim(one.id, [claimOf('pay', 2), claimOf('points', 9), claimOf('unknown', 9)]);
    expect(numbersOf(calls)).to.deep.equal([1, 2, 11, 12, 13]);
    expect(calls.every(({ phase, fence, isUrgent }) => phase === 'try' && fence === 2 && !isUrgent)).to.equal(true);
    expect((await one.work.held(one.id)).length).to.equal(5);
    const waiting = await one.work.waitingParticipants();
    expect(waiting.map(({ participant, isDue }) => [participant.name, isDue])).to.deep.equal([['pay', true]]);
  });

  it('claims nothing that is not due yet, but where its participant has come back since it was attempted', async () => {
    await one.tell(tryOf(ID, [], { branches: branchesOf(ID, 'pay', 'points'), timeoutMs: 60_000 }));
    const retry = { initialMs: 60_000, maxMs: 60_000, attentionAfter: 3 };
    await one.tell(replyOf(ID, 0, 'try', 'failed', { retry }), replyOf(ID, 1, 'try', 'failed', { retry }));
    const [waiting] = await one.work.waitingParticipants();
    if (waiting === undefined) throw new Error('nobody waits');
    expect(waiting.isDue).to.equal(false);
    const attemptedAt = (await one.stored(ID)).updatedAt;
    expect(await one.work.claim(one.id, [claimOf('pay', 9), claimOf('points', 9, attemptedAt)])).to.deep.equal([]);
    const calls = await one.work.claim(one.id, [claimOf('pay', 9), claimOf('points', 9, attemptedAt + 1)]);
    expect(calls.map(({ participant }) => participant)).to.deep.equal(['points']);
  });

  it('passes over what somebody is changing, without waiting', async () => {
    await due(3);
    await outsider.query('BEGIN');
    await outsider.query('SELECT 1 FROM holdfast.branch WHERE id = $1 FOR NO KEY UPDATE', [branchId(ID, 0)]);
    expect(numbersOf(await one.work.claim(one.id, [claimOf('pay', 2)]))).to.deep.equal([2, 3]);
    await outsider.query('ROLLBACK');
    expect(numbersOf(await one.work.claim(one.id, [claimOf('pay', 2)]))).to.deep.equal([1]);
  });

  it('never grants the same branch to two, however they compete', async () => {
    await due(50);
    const granted: number[] = [];
    const compete = async ({ work, id }: BranchCoordinator): Promise<void> => {
      let calls = await work.claim(id, [claimOf('pay', 3)]);
      while (calls.length > 0) {
        granted.push(...numbersOf(calls));
        calls = await work.claim(id, [claimOf('pay', 3)]);
      }
    };
    await Promise.all([one, two, one, two].map(compete));
    // One that passed over what the other was about to take may have stopped early; what is left is still there to be taken.
    await compete(one);
    expect(granted.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('ends for a dead one, whose branches are due under a new fence: its late replies change nothing', async () => {
    await one.tell(tryOf(ID, [], { branches: branchesOf(ID, 'pay', 'points'), timeoutMs: 60_000 }));
    await one.tell(replyOf(ID, 1, 'try', 'done'));
    await letLapse(one);
    expect(await two.work.endLeases(null)).to.equal(1);
    expect(await two.work.endLeases(null)).to.equal(0);
    const freed = await two.branch(ID, 0);
    expect([freed.work.kind, freed.fence]).to.deep.equal(['waiting', 2]);
    expect(await one.tell(replyOf(ID, 0, 'try', 'refused'))).to.deep.equal(['TRYING']);
    const [call] = await two.work.claim(two.id, [claimOf('pay', 9)]);
    expect(call).to.deep.include({ branchId: branchId(ID, 0), fence: 3 });
    expect(await one.tell(replyOf(ID, 0, 'try', 'refused'))).to.deep.equal(['TRYING']);
    expect(await two.tell(replyOf(ID, 0, 'try', 'done', { fence: 3 }))).to.deep.equal(['TRIED']);
  });

  it('ends at once for one that stops in order, and for nobody else', async () => {
    for (const [number, coordinator] of [one, two].entries()) {
      const id = transactionId(number + 1);
      await coordinator.tell(tryOf(id, [], { branches: branchesOf(id, 'pay'), timeoutMs: 60_000 }));
    }
    expect(await one.work.endLeases(one.id)).to.equal(1);
    expect((await two.branch(transactionId(1), 0)).work.kind).to.equal('waiting');
    expect((await two.branch(transactionId(2), 0)).work.kind).to.equal('under-way');
  });

  it('waits with its end for a batch of the dead one that is being committed, and loses nothing of it', async () => {
    await due(1);
    await one.tell(tryOf(transactionId(2), [], { branches: branchesOf(transactionId(2), 'pay'), timeoutMs: 60_000 }));
    // As claim_branches and save_changes do it: the coordinator's row is held shared, and then a branch is granted.
    await outsider.query('BEGIN');
    await outsider.query('SELECT 1 FROM holdfast.coordinator WHERE id = $1 FOR KEY SHARE', [coordinatorId(1)]);
    await outsider.query(
      'UPDATE holdfast.branch SET lease_holder = $1, next_attempt_at = NULL, fence = fence + 1 WHERE id = $2',
      [coordinatorId(1), branchId(ID, 0)],
    );
    await letLapse(one);
    let isOver = false;
    const ended = two.work.endLeases(null).finally(() => {
      isOver = true;
    });
    await untilSomebodyWaits(database);
    expect(isOver).to.equal(false);
    await outsider.query('COMMIT');
    expect(await ended).to.equal(2);
    expect(numbersOf(await two.work.claim(two.id, [claimOf('pay', 9)]))).to.deep.equal([1, 2]);
  });

  it('waits with its end for a save of the dead one that got its lease in time, and frees what that was granted', async () => {
    await one.tell(tryOf(ID, [], { branches: branchesOf(ID, 'pay'), timeoutMs: 60_000 }), replyOf(ID, 0, 'try', 'failed'));
    await outsider.query('BEGIN');
    await outsider.query('SELECT 1 FROM holdfast.branch WHERE id = $1 FOR UPDATE', [branchId(ID, 0)]);
    const saved = one.tell(retryOf(ID));
    await untilSomebodyWaits(database);
    await letLapse(one);
    const ended = two.work.endLeases(null);
    await untilSomebodyWaits(database, 2);
    await outsider.query('ROLLBACK');
    expect([await saved, await ended]).to.deep.equal([['TRYING'], 1]);
    expect((await two.branch(ID, 0)).work.kind).to.equal('waiting');
  });

  it('looks at no transaction whose branches all wait, and finds what is claimed of it all the same', async () => {
    const looked = async (): Promise<unknown> =>
      (await database.query(`SELECT count(*)::int AS n FROM holdfast.transaction WHERE is_asking AND state <> 'TRIED'`))[0]?.n;
    const branches = branchesOf(ID, 'pay', 'points');
    await one.tell(tryOf(ID, [], { branches, timeoutMs: 60_000 }));
    await one.tell(replyOf(ID, 0, 'try', 'failed'));
    expect(await looked(), 'one is under way').to.equal(1);
    await one.tell(replyOf(ID, 1, 'try', 'not-yet'));
    expect(await looked(), 'both wait').to.equal(0);
    const [claimed] = await one.work.claim(one.id, [claimOf('pay', 1, Date.now() + 60_000)]);
    expect(claimed?.branchId).to.equal(branchId(ID, 0));
    expect(await one.work.held(one.id), 'claimed').to.deep.equal([claimed]);
    await two.tell(retryOf(ID));
    expect(
      (await two.work.held(two.id)).map(({ branchId: id }) => id),
      'by an operator',
    ).to.deep.equal([branchId(ID, 1)]);
    expect(await one.work.held(one.id), 'still claimed').to.deep.equal([claimed]);
    await letLapse(one);
    expect(await two.work.endLeases(null), 'what was claimed').to.equal(1);
    await letLapse(two);
    expect(await nobody.work.endLeases(null), 'what was granted').to.equal(1);
  });

  it('tells what is held where the answer to a commit was lost', async () => {
    await one.tell(tryOf(ID, [], { branches: branchesOf(ID, 'pay', 'points'), timeoutMs: 60_000 }));
    await one.tell(replyOf(ID, 0, 'try', 'done'));
    expect(await one.work.held(one.id)).to.deep.equal(one.calls.filter(({ participant }) => participant === 'points'));
    expect(await two.work.held(two.id)).to.deep.equal([]);
  });
});
