// Owns the test of coordinators that fight over the same branches: saves, claims and the ends of leases at once never deadlock, and
// in the end every branch is held by somebody alive, waits, or is settled (I5, I9, I11).
import { expect } from 'chai';
import type { Command } from '../../src/coordinator/command.ts';
import { type BranchCoordinator, letLapse, startCoordinator } from '../support/branch-coordinator.ts';
import {
  branchesOf,
  cancelOf,
  confirmOf,
  expireOf,
  movementId,
  moveOf,
  putParticipantOf,
  replyOf,
  resolveOf,
  retryOf,
  transactionId,
  tryOf,
} from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const HAMMER_MS = 3000;
const RIVALS = 3;
const CALLERS_EACH = 12;
const PARTICIPANTS = ['pay', 'points', 'coupon'];
const IMMEDIATE = { initialMs: 1, maxMs: 4, attentionAfter: 2 };

function pick<T>(list: readonly T[]): T {
  const chosen = list[Math.floor(Math.random() * list.length)];
  if (chosen === undefined) throw new RangeError('nothing to pick from');
  return chosen;
}

describe('rival coordinators of branches on one database', function () {
  this.timeout(60_000);
  let server: TestServer;
  let database: LedgerDatabase;

  before(async () => {
    server = await startPostgres({ deadlock_timeout: '100ms' });
    database = await makeLedgerDatabase(server.url, 'branch_rivals');
  });

  after(async () => {
    await database.close();
    await server.stop();
  });

  it('never deadlock, and leave no branch that nobody will ask', async () => {
    const coordinators: BranchCoordinator[] = [];
    for (let number = 1; number <= RIVALS; number += 1) coordinators.push(await startCoordinator(database, number));
    const [first] = coordinators;
    await first?.tell(moveOf(movementId(1), 'RECEIVE', ['s', 1_000_000]), ...PARTICIPANTS.map((name) => putParticipantOf(name)));
    const startedAt = performance.now();
    const isOver = (): boolean => performance.now() - startedAt >= HAMMER_MS;
    const newest = (): number => 20 + Math.floor((performance.now() - startedAt) / 20);
    let replies = 0;
    let granted = 0;
    let freed = 0;

    const randomCommand = (): Command => {
      const id = transactionId(Math.max(1, newest() - Math.floor(Math.random() * 15)));
      const branches = branchesOf(id, ...PARTICIPANTS.slice(0, 1 + (Number(id.slice(-3)) % 3)), 'pay');
      const dice = Math.random();
      if (dice < 0.4) return tryOf(id, [['s', 1]], { branches, timeoutMs: 60_000 });
      if (dice < 0.65) return confirmOf(id);
      if (dice < 0.75) return cancelOf(id);
      if (dice < 0.8) return expireOf(id);
      if (dice < 0.93) return retryOf(id);
      return resolveOf(id, 0, pick(['CONFIRMED', 'CANCELLED']));
    };
    const answer = async ({ lane, calls }: BranchCoordinator): Promise<void> => {
      const some = calls.splice(0, 20);
      replies += some.length;
      await Promise.all(
        some.map(({ transactionId: id, branchId, phase, fence }) => {
          const outcome = pick(['done', 'done', 'done', 'failed', 'not-yet', 'refused', 'not-sent'] as const);
          return lane.submit(replyOf(id, 0, phase, outcome, { branchId, fence, retry: IMMEDIATE }));
        }),
      );
    };
    const call = async (coordinator: BranchCoordinator): Promise<void> => {
      while (!isOver()) {
        await answer(coordinator);
        await coordinator.tell(randomCommand());
      }
    };
    const work = async (coordinator: BranchCoordinator): Promise<void> => {
      const { id, work, calls } = coordinator;
      while (!isOver()) {
        const claimed = await work.claim(
          id,
          PARTICIPANTS.map((participant) => ({ participant, limit: 7, resumedAt: null })),
        );
        granted += claimed.length;
        calls.push(...claimed);
        if (Math.random() < 0.1) {
          await letLapse(coordinator);
          freed += await work.endLeases(null);
          await work.beginLease(id, 'again', 60_000);
        }
      }
    };
    await Promise.all(coordinators.flatMap((each) => [work(each), ...Array.from({ length: CALLERS_EACH }, () => call(each))]));
    await Promise.all(coordinators.map(({ lane }) => lane.close()));

    const [statistics] = await database.query('SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()');
    const faults = coordinators.flatMap((each) => each.faults);
    expect(statistics?.deadlocks, `of ${faults.length} faults: ${faults.slice(0, 3).join('; ')}`).to.equal(0);
    expect(faults.filter((fault) => !fault.includes('(conflict)') || fault.includes('deadlock'))).to.deep.equal([]);
    expect(Math.min(replies, granted, freed), `${replies} replies, ${granted} claims, ${freed} freed`).to.be.above(20);
    for (const { work } of coordinators) await work.endLeases(null);
    expect(await database.audit()).to.deep.equal([]);
  });
});
