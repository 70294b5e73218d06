// Owns the test of coordinators that fight over the same few SKUs and ids on one database: nobody waits for ever, nobody is told
// what another contradicts, and the books are right in the end (I1–I5).
import { expect } from 'chai';
import {
  type Command,
  isTransactionCommand,
  type Refused,
  type TransactionAccepted,
  type TransactionCommand,
} from '../../src/coordinator/command.ts';
import { Lane } from '../../src/coordinator/lane.ts';
import type { LedgerFault } from '../../src/coordinator/ledger.ts';
import type { TransactionId } from '../../src/coordinator/model.ts';
import {
  cancelOf,
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

const RIVALS = 3;
const CALLERS_EACH = 24;
const HAMMER_MS = 3000;
const SKUS = ['a', 'b', 'c', 'd', 'e'];

/** What callers were told about one id. */
interface Told {
  confirmed: number;
  cancelled: number;
  /** Tries that were told it is held or further. */
  held: number;
}

function pick<T>(list: readonly T[]): T {
  const chosen = list[Math.floor(Math.random() * list.length)];
  if (chosen === undefined) throw new RangeError('nothing to pick from');
  return chosen;
}

function randomTry(id: TransactionId): Command {
  // The content follows from the id, so that rivals repeat one another's Tries; now and then it does not.
  const number = Number(id.slice(-6)) + (Math.random() < 0.05 ? 1 : 0);
  const lines = SKUS.filter((_, index) => (number >> index) % 2 === 1).map((sku) => [sku, 1 + (number % 3)] as const);
  return tryOf(id, lines.length > 0 ? lines : [['a', 1]], { timeoutMs: number % 7 === 0 ? 5 : 60_000 });
}

function randomCommand(newest: number): Command {
  const id = transactionId(Math.max(1, newest - Math.floor(Math.random() * 40)));
  const dice = Math.random();
  if (dice < 0.45) return randomTry(id);
  if (dice < 0.6) return confirmOf(id, null, pick(['whole', 'minimal']));
  if (dice < 0.72) return cancelOf(id, pick([null, 'a note']));
  if (dice < 0.82) return expireOf(id);
  if (dice < 0.86) return confirmOf(id, [[pick(SKUS), 1]]);
  if (dice < 0.9) return extendOf(id, pick([5, 60_000]));
  if (dice < 0.95) return refundOf(id, refundId(1));
  return moveOf(movementId(1000 + Math.floor(Math.random() * 1e9)), pick(['RECEIVE', 'ADJUST']), [
    pick(SKUS),
    1 + Math.floor(Math.random() * 20),
  ]);
}

function note(told: Map<TransactionId, Told>, command: TransactionCommand, verdict: TransactionAccepted | Refused): void {
  if (!verdict.ok || command.kind === 'extend' || command.kind === 'refund') return;
  const { id } = command;
  const entry = told.get(id) ?? { confirmed: 0, cancelled: 0, held: 0 };
  told.set(id, entry);
  if (verdict.transaction.state === 'CONFIRMED') entry.confirmed += 1;
  if (verdict.transaction.state === 'CANCELLED') entry.cancelled += 1;
  if (command.kind === 'try') entry.held += 1;
}

describe('rival coordinators on one database', function () {
  this.timeout(60_000);
  let server: TestServer;
  let database: LedgerDatabase;

  before(async () => {
    server = await startPostgres({ deadlock_timeout: '100ms' });
    database = await makeLedgerDatabase(server.url, 'rivals');
  });

  after(async () => {
    await database.close();
    await server.stop();
  });

  it('never deadlock, never contradict what one of them told, and keep the books', async () => {
    const faults: string[] = [];
    const told = new Map<TransactionId, Told>();
    const onFault = (fault: unknown): number => faults.push(`${(fault as LedgerFault).kind ?? ''} ${String(fault)}`);
    const options = { queueLimit: 1000, batchLimit: 50, patienceMs: 10_000, onEffects: () => {}, onFault };
    const lanes = Array.from({ length: RIVALS }, () => new Lane(database.another(), options));
    for (const sku of SKUS) await lanes[0]?.submit(moveOf(movementId(SKUS.indexOf(sku)), 'RECEIVE', [sku, 50]));

    const startedAt = performance.now();
    const newest = (): number => 40 + Math.floor((performance.now() - startedAt) / 8);
    const call = async (lane: Lane): Promise<void> => {
      while (performance.now() - startedAt < HAMMER_MS) {
        const command = randomCommand(newest());
        const verdict = await lane.submit(command);
        if (isTransactionCommand(command)) note(told, command, verdict as TransactionAccepted | Refused);
      }
    };
    await Promise.all(lanes.flatMap((lane) => Array.from({ length: CALLERS_EACH }, () => call(lane))));

    const [statistics] = await database.query(
      'SELECT deadlocks::int, xact_commit::int FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(statistics?.deadlocks, `deadlocks, of ${faults.length} faults: ${faults.slice(0, 3).join('; ')}`).to.equal(0);
    expect(faults.filter((fault) => !fault.startsWith('conflict'))).to.deep.equal([]);
    expect(await database.audit()).to.deep.equal([]);
    const states = new Map(
      (await database.query('SELECT id, state FROM holdfast.transaction')).map((row) => [String(row.id), String(row.state)]),
    );
    for (const [id, entry] of told) {
      expect(entry.confirmed > 0 && entry.cancelled > 0, `${id} was told both ways`).to.equal(false);
      if (entry.confirmed > 0) expect(states.get(id), id).to.equal('CONFIRMED');
      if (entry.cancelled > 0) expect(states.get(id), id).to.equal('CANCELLED');
      if (entry.held > 0) expect(states.has(id), id).to.equal(true);
    }
  });
});
