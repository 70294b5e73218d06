// Owns the test that the reconciler finds what differs and nothing else (I1, I3), that commands at the same time never look like a
// difference, and that of several instances one at a time is at it.
import { expect } from 'chai';
import type { CounterKey, Drift } from '../../src/coordinator/keeping.ts';
import { Lane } from '../../src/coordinator/lane.ts';
import { Reconciler } from '../../src/keeping/reconciler.ts';
import { Retention } from '../../src/keeping/retention.ts';
import { PostgresKeeping } from '../../src/ledger/keeping.ts';
import { confirmOf, movementId, moveOf, transactionId, tryOf } from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const laneOn = (database: LedgerDatabase): Lane =>
  new Lane(database.ledger, { queueLimit: 1000, batchLimit: 100, patienceMs: 10_000, onEffects: () => {}, onFault: () => {} });

interface Seen {
  compared: number;
  readonly passes: (readonly Drift[])[];
  readonly drift: Drift[];
  readonly tooMany: CounterKey[];
}

describe('the reconciler', function () {
  this.timeout(60_000);
  let server: TestServer;
  let database: LedgerDatabase;
  const running: { stop(): Promise<void> }[] = [];

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'reconciled');
  });
  afterEach(() => Promise.all(running.splice(0).map((each) => each.stop())));
  after(async () => {
    await database.close();
    await server.stop();
  });

  function make(): { readonly reconciler: Reconciler; readonly seen: Seen } {
    const seen: Seen = { compared: 0, passes: [], drift: [], tooMany: [] };
    const reconciler = new Reconciler({
      keeping: new PostgresKeeping(database.pool()),
      restFactor: 1,
      observer: {
        retired: () => {},
        compared: (count) => {
          seen.compared += count;
        },
        passEnded: (drift) => seen.passes.push(drift),
      },
      onDrift: (drift) => seen.drift.push(drift),
      onTooMany: (counter) => seen.tooMany.push(counter),
      onFault: (error) => {
        throw error;
      },
    });
    running.push(reconciler);
    return { reconciler, seen };
  }

  it('finds a counter that somebody changed, and one whose rows somebody changed', async () => {
    await database.empty();
    const lane = laneOn(database);
    for (const [n, sku] of ['a', 'b', 'c'].entries()) await lane.submit(moveOf(movementId(n), 'RECEIVE', [sku, 50]));
    await lane.submit(
      tryOf(transactionId(1), [
        ['a', 3],
        ['b', 4],
      ]),
    );
    await lane.submit(confirmOf(transactionId(1)));
    await lane.submit(tryOf(transactionId(2), [['a', 5]]));
    const { reconciler, seen } = make();
    await reconciler.wake();
    expect([seen.compared, seen.passes]).to.deep.equal([3, [[]]]);
    await reconciler.wake();
    expect(seen.compared, 'what has not changed is not added up again').to.equal(3);

    await database.query("UPDATE holdfast.stock SET available = available - 1, deducted = deducted + 2 WHERE sku = 'a'");
    await database.query("UPDATE holdfast.reservation SET quantity = 9 WHERE sku = 'a' AND state = 'RESERVED'");
    await reconciler.wake();
    expect(seen.drift).to.deep.equal([{ sku: 'a', warehouse: 'default', available: 3, reserved: -4, deducted: 2 }]);
    expect(seen.passes.at(-1)).to.deep.equal(seen.drift);
    await reconciler.wake();
    expect(seen.drift, 'it is told of in each pass, as long as it is there').to.have.length(2);
  });

  it('sees no difference under load, retention included', async () => {
    await database.empty();
    const lane = laneOn(database);
    const skus = Array.from({ length: 250 }, (_, n) => `sku-${n}`);
    await Promise.all(skus.map((sku, n) => lane.submit(moveOf(movementId(n), 'RECEIVE', [sku, 1_000_000]))));
    const retention = new Retention({
      keeping: new PostgresKeeping(database.pool()),
      days: 1,
      observer: { retired: () => {}, compared: () => {}, passEnded: () => {} },
      onFault: (error) => {
        throw error;
      },
    });
    running.push(retention);
    const { reconciler, seen } = make();
    let serial = 0;
    let isOver = false;
    const caller = async (): Promise<void> => {
      while (!isOver) {
        serial += 1;
        const id = transactionId(serial);
        await lane.submit(
          tryOf(id, [
            [skus[serial % skus.length] ?? '', 1],
            [skus[(serial * 7) % skus.length] ?? '', 2],
          ]),
        );
        if (serial % 3 > 0) await lane.submit(confirmOf(id));
      }
    };
    const callers = Array.from({ length: 20 }, caller);
    for (let pass = 0; pass < 4; pass += 1) {
      await database.query(
        "UPDATE holdfast.transaction SET created_at = created_at - interval '2 days', updated_at = updated_at - interval '2 days' WHERE state = 'CONFIRMED' AND retired_at IS NULL",
      );
      await Promise.all([reconciler.wake(), retention.wake()]);
    }
    isOver = true;
    await Promise.all(callers);
    await reconciler.wake();
    expect(seen.drift).to.deep.equal([]);
    expect(seen.passes).to.have.length(5);
    expect(seen.compared).to.be.above(500);
    const [retired] = await database.query('SELECT count(*)::int AS n FROM holdfast.transaction WHERE retired_at IS NOT NULL');
    expect(retired?.n).to.be.above(0);
    expect(await database.audit()).to.deep.equal([]);
  });

  it('leaves the counters to another that is at it', async () => {
    const { reconciler, seen } = make();
    const other = new PostgresKeeping(database.pool());
    let finish: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const working = other.exclusively('reconciliation', () => held);
    await database.query('SELECT pg_sleep(0.1)');
    await reconciler.wake();
    expect([seen.compared, seen.passes.length]).to.deep.equal([0, 0]);
    finish();
    expect(await working).to.equal(true);
    await reconciler.wake();
    expect(seen.passes).to.have.length(1);
  });
});
