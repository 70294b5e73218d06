// Owns the tests of what PostgreSQL keeps of branches, attempts and participants: each field comes back as it was decided, the last
// attempts are kept and the others counted, and no transaction is left with a participant that is gone.
import { expect } from 'chai';
import pg from 'pg';
import { PostgresQueries } from '../../src/ledger/queries.ts';
import { type BranchCoordinator, startCoordinator, untilSomebodyWaits } from '../support/branch-coordinator.ts';
import {
  branchesOf,
  cancelOf,
  confirmOf,
  movementId,
  moveOf,
  putParticipantOf,
  removeParticipantOf,
  replyOf,
  resolveOf,
  retryOf,
  transactionId,
  tryOf,
} from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const ID = transactionId(1);
const ODD_PAYLOAD = '{ "spaced" :  "\\u0000 \\ud800 é 🦊", "quote\\"d": [1.50, 1e400, null], "a":1, "a":2 }';
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('what PostgreSQL keeps of branches', () => {
  let server: TestServer;
  let database: LedgerDatabase;
  let coordinator: BranchCoordinator;
  let outsider: pg.Client;

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'branches');
    outsider = new pg.Client({ connectionString: database.url });
    await outsider.connect();
  });

  beforeEach(async () => {
    await database.empty();
    coordinator = await startCoordinator(database, 1);
    await coordinator.tell(moveOf(movementId(1), 'RECEIVE', ['s', 100]), putParticipantOf('pay'), putParticipantOf('points'));
  });

  afterEach(async () => {
    await coordinator.lane.close();
    expect(await database.audit()).to.deep.equal([]);
  });

  after(async () => {
    await outsider.end();
    await database.close();
    await server.stop();
  });

  function tried(...participants: readonly string[]) {
    return tryOf(ID, [['s', 1]], { branches: branchesOf(ID, ...participants), timeoutMs: 60_000 });
  }

  it('is what was decided, field by field, through every kind of move', async () => {
    const [first, second] = branchesOf(ID, 'pay', 'points');
    if (first === undefined || second === undefined) throw new Error('two branches were asked for');
    const branches = [
      { ...first, payload: ODD_PAYLOAD },
      { ...second, payload: null },
    ];
    const commands = [
      tryOf(ID, [['s', 2]], { branches, timeoutMs: 60_000, traceparent: TRACE }),
      replyOf(ID, 0, 'try', 'failed', { error: 'it\'s "broken" \\ 🦊', jitter: 0.5 }),
      replyOf(ID, 1, 'try', 'not-yet'),
      retryOf(ID),
      replyOf(ID, 0, 'try', 'done', { fence: 2 }),
      replyOf(ID, 1, 'try', 'done', { fence: 2 }),
      confirmOf(ID),
      replyOf(ID, 0, 'confirm', 'refused', { fence: 3 }),
      replyOf(ID, 1, 'confirm', 'not-sent', { fence: 3 }),
      resolveOf(ID, 0, 'CANCELLED'),
    ];
    for (const command of commands) {
      await coordinator.tell(command);
      const stored = await coordinator.stored(ID);
      const told = coordinator.moved.get(ID);
      // A reply that is plainly in order is told of only where it moves the whole transaction.
      const isQuiet = command.kind === 'branch-reply' && command.outcome === 'done' && stored.state === told?.state;
      if (!isQuiet) expect(stored, command.kind).to.deep.equal(told);
    }
    const stored = await coordinator.stored(ID);
    expect(stored).to.deep.include({ state: 'CONFIRMING', needsAttention: true });
    expect(stored.branches.map(({ resolved, attemptsInAll }) => [resolved, attemptsInAll])).to.deep.equal([
      [true, 3],
      [false, 2],
    ]);
    const calls = branches.map(({ id, participant }) => {
      return { transactionId: ID, branchId: id, participant, phase: 'confirm' as const, fence: 3, isUrgent: false };
    });
    const details = await coordinator.work.details(calls);
    expect(details.map(({ payload, traceparent, fence, state }) => [payload, traceparent, fence, state])).to.deep.equal([
      [ODD_PAYLOAD, TRACE, 3, 'CONFIRMING'],
      [null, TRACE, 3, 'CONFIRMING'],
    ]);
    expect(details[0]?.participant).to.deep.include({ name: 'pay', url: 'http://pay.test/tcc', maxConcurrency: 64 });
  });

  it('stores twenty branches in the order of their Try, the same participant twice among them', async () => {
    const names = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? 'points' : 'pay'));
    expect(await coordinator.tell(tried(...names))).to.deep.equal(['TRYING']);
    expect((await coordinator.stored(ID)).branches.map(({ participant }) => participant)).to.deep.equal(names);
    expect(coordinator.calls).to.have.length(20);
  });

  it('keeps what came to be in one batch as it ended, and tells of the calls that are left of it', async () => {
    const answers = await coordinator.tell(tried('pay', 'points'), cancelOf(ID), replyOf(ID, 0, 'try', 'done'));
    expect(answers).to.deep.equal(['TRYING', 'CANCELLING', 'CANCELLING']);
    expect(await coordinator.stored(ID)).to.deep.equal(coordinator.moved.get(ID));
    expect(coordinator.calls.map(({ phase, fence }) => [phase, fence])).to.deep.equal([
      ['cancel', 2],
      ['try', 1],
    ]);
  });

  it('keeps the last 50 attempts of a branch and counts the others, in the order in which they were', async () => {
    await coordinator.tell(tried('pay', 'points'));
    await coordinator.tell(replyOf(ID, 1, 'try', 'done'));
    for (let attempt = 1; attempt <= 53; attempt += 1) {
      await coordinator.tell(replyOf(ID, 0, 'try', 'failed', { fence: attempt, error: `fault ${attempt}` }), retryOf(ID));
    }
    await coordinator.tell(replyOf(ID, 0, 'try', 'done', { fence: 54 }));
    await coordinator.tell(cancelOf(ID, 'enough'), replyOf(ID, 0, 'cancel', 'done', { fence: 55 }));
    await coordinator.tell(replyOf(ID, 1, 'cancel', 'done', { fence: 2 }));
    const found = await new PostgresQueries(database.pool()).transaction(ID);
    const history = found?.history ?? [];
    const events = history.map(({ event }) => event);
    expect(events.slice(0, 2)).to.deep.equal(['TRY', 'EARLIER_ATTEMPTS']);
    expect(history[1]?.detail).to.deep.include({ branchId: branchesOf(ID, 'pay')[0]?.id, participant: 'pay', count: 5 });
    const attempts = history.filter(({ detail }) => detail?.participant === 'pay' && detail.attempt !== undefined);
    expect(attempts.map(({ detail }) => detail?.sequence)).to.deep.equal(Array.from({ length: 50 }, (_, index) => index + 6));
    expect(attempts[0]?.detail).to.deep.include({ error: 'fault 6', status: 500, outcome: 'failed', durationMs: 7 });
    expect(events.slice(-5)).to.deep.equal(['BRANCHES_TRIED', 'CANCEL', 'ATTEMPT_CANCEL', 'ATTEMPT_CANCEL', 'BRANCHES_SETTLED']);
    expect(events.filter((event) => event === 'RETRY')).to.have.length(53);
    expect(history.map(({ at }) => at)).to.deep.equal(history.map(({ at }) => at).sort((a, b) => a - b));
  });

  it('keeps a secret where a registration names none, and when it was first made', async () => {
    await coordinator.tell(putParticipantOf('pay', { secret: 'whsec_1' }));
    const queries = new PostgresQueries(database.pool());
    const [before] = await queries.participants('pay');
    await coordinator.tell(putParticipantOf('pay', { url: 'https://elsewhere.test', timeoutMs: 5, maxConcurrency: 2 }));
    const [after] = await queries.participants('pay');
    expect(after).to.deep.include({
      url: 'https://elsewhere.test',
      timeoutMs: 5,
      maxConcurrency: 2,
      createdAt: before?.createdAt,
    });
    expect(after).not.to.have.property('secret');
    expect(
      (await database.query("SELECT secret FROM holdfast.participant_secret WHERE participant = 'pay'"))[0]?.secret,
    ).to.equal('whsec_1');
  });

  it('lets no participant go while an open transaction names it, in every state of that, and then lets it go', async () => {
    const remove = (): Promise<string[]> => coordinator.tell(removeParticipantOf('pay'));
    await coordinator.tell(tried('pay'));
    expect(await remove(), 'TRYING').to.deep.equal(['invalid-transition']);
    await coordinator.tell(replyOf(ID, 0, 'try', 'done'));
    expect(await remove(), 'TRIED').to.deep.equal(['invalid-transition']);
    await coordinator.tell(confirmOf(ID));
    expect(await remove(), 'CONFIRMING').to.deep.equal(['invalid-transition']);
    await coordinator.tell(replyOf(ID, 0, 'confirm', 'done', { fence: 2 }));
    expect(await remove(), 'CONFIRMED').to.deep.equal(['done']);
    expect(await remove()).to.deep.equal(['unknown-participant']);
  });

  it('makes a removal wait for the Try under way, which then keeps the participant', async () => {
    await outsider.query('BEGIN');
    await outsider.query("SELECT 1 FROM holdfast.participant WHERE name = 'pay' FOR KEY SHARE");
    const removed = coordinator.tell(removeParticipantOf('pay'));
    await untilSomebodyWaits(database);
    // As save_changes would store it.
    await outsider.query(
      `INSERT INTO holdfast.transaction (id, state, branch_count, content_hash, created_at, expires_at, updated_at)
       VALUES ($1, 'TRYING', 1, '\\x00', now(), now() + interval '1 hour', now())`,
      [ID],
    );
    await outsider.query(
      `INSERT INTO holdfast.branch (transaction_id, id, position, participant, state, phase, next_attempt_at, fence, traceparent)
       VALUES ($1, $1, 0, 'pay', 'REGISTERED', 'try', now(), 1, '')`,
      [ID],
    );
    await outsider.query('COMMIT');
    expect(await removed).to.deep.equal(['invalid-transition']);
  });

  it('makes a Try wait for the removal under way, and finds nobody then', async () => {
    await outsider.query('BEGIN');
    await outsider.query("DELETE FROM holdfast.participant WHERE name = 'pay'");
    // The first look of a Try needs no lock; it sees the participant still.
    const answer = coordinator.tell(tried('pay'));
    await untilSomebodyWaits(database);
    await outsider.query('COMMIT');
    expect(await answer).to.deep.equal(['unknown-participant']);
    expect(coordinator.calls).to.deep.equal([]);
  });

  it('never has both a Try and a removal succeed, whichever of two instances is faster', async () => {
    const rival = await startCoordinator(database, 2);
    for (let round = 1; round <= 15; round += 1) {
      const id = transactionId(100 + round);
      await coordinator.tell(putParticipantOf('brief'));
      const [[answer], [removed]] = await Promise.all([
        coordinator.tell(tryOf(id, [], { branches: branchesOf(id, 'brief'), timeoutMs: 60_000 })),
        rival.tell(removeParticipantOf('brief')),
      ]);
      expect(`${answer} ${removed}`).to.be.oneOf(['TRYING invalid-transition', 'unknown-participant done']);
      if (answer === 'TRYING')
        await coordinator.tell(cancelOf(id), replyOf(id, 0, 'try', 'failed'), replyOf(id, 0, 'cancel', 'done', { fence: 2 }));
    }
    await rival.lane.close();
  });
});
