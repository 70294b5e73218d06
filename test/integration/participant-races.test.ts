// Owns the tests of Tries and Cancels of one branch that overlap: whatever the timing, and whatever isolation the database
// has as its default, nothing stays held after a Cancel.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'chai';
import { brief, makeDatabase, type PaymentService, startPaymentService } from '../support/participant-service.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const BRANCHES = 300;
const SIDE_BY_SIDE = 6;

/** What must not be, and which branch it is. */
const AUDIT = `
SELECT c.branch_id, coalesce(h.state, 'nothing') AS state, h.releases, t.made_by
FROM holdfast_barrier c
JOIN holdfast_barrier t ON t.branch_id = c.branch_id AND t.phase = 'try'
LEFT JOIN hold h ON h.branch_id = c.branch_id
WHERE c.phase = 'cancel' AND NOT CASE t.made_by
  WHEN 'cancel' THEN h.branch_id IS NULL
  ELSE h.state = 'RELEASED' AND h.releases = 1
END`;

describe('calls on one branch that overlap', () => {
  let server: TestServer;

  before(async () => {
    server = await startPostgres();
  });

  after(() => server.stop());

  for (const isolation of ['read committed', 'repeatable read', 'serializable'] as const) {
    describe(`where the database's default is ${isolation}`, () => {
      let service: PaymentService;

      before(async () => {
        const name = `races_${isolation.replace(' ', '_')}`;
        const url = await makeDatabase(server.url, name, { default_transaction_isolation: isolation });
        service = await startPaymentService(url);
      });

      after(() => service.stop());

      it('gives handlers READ COMMITTED', async () => {
        expect(await service.query('SHOW default_transaction_isolation')).to.deep.equal([
          { default_transaction_isolation: isolation },
        ]);
        let seen: unknown;
        service.instead('try', async ({ client }) => {
          seen = (await client.query('SHOW transaction_isolation')).rows;
        });
        expect(brief(await service.send('try', randomUUID()))).to.equal('200 TRIED');
        service.instead('try', null);
        expect(seen).to.deep.equal([{ transaction_isolation: 'read committed' }]);
      });

      it('lets a Cancel wait for the Try at work, and undo what it did', async () => {
        const branch = randomUUID();
        const { entered, leave } = heldTry(service);
        const trying = service.send('try', branch);
        await entered;
        const cancelling = Promise.all([service.send('cancel', branch), service.send('cancel', branch)]);
        await untilWaiting(service, 2);
        leave();
        expect(brief(await trying)).to.equal('200 TRIED');
        expect((await cancelling).map(brief)).to.deep.equal(['200 CANCELLED', '200 CANCELLED']);
        const rows = await service.query('SELECT state, releases FROM hold WHERE branch_id = $1', [branch]);
        expect(rows).to.deep.equal([{ state: 'RELEASED', releases: 1 }]);
        service.instead('try', null);
      });

      it(`leaves nothing held, ${BRANCHES} times in any timing`, async function () {
        this.timeout(60_000);
        const branches = Array.from({ length: BRANCHES }, () => randomUUID());
        const queue = [...branches];
        const race = async (): Promise<void> => {
          for (let branch = queue.pop(); branch !== undefined; branch = queue.pop()) {
            const calls = (['try', 'cancel', 'try', 'cancel'] as const).map(async (phase) => {
              // The random timing is what is tested; nothing is waited for.
              await delay(Math.random() * 6);
              return [phase, brief(await service.send(phase, branch ?? ''))] as const;
            });
            for (const [phase, reply] of await Promise.all(calls)) {
              expect(reply).to.be.oneOf(phase === 'try' ? ['200 TRIED', '409 cancelled'] : ['200 CANCELLED']);
            }
          }
        };
        await Promise.all(Array.from({ length: SIDE_BY_SIDE }, race));
        expect(await service.query(AUDIT)).to.deep.equal([]);
        const made = await service.query(
          `SELECT made_by, count(*)::int AS count FROM holdfast_barrier WHERE phase = 'try' AND branch_id = ANY ($1) GROUP BY made_by`,
          [branches],
        );
        const count = (by: string): number => Number(made.find((row) => row.made_by === by)?.count ?? 0);
        expect(count('try') + count('cancel')).to.equal(BRANCHES);
        // Otherwise the race was none.
        expect(Math.min(count('try'), count('cancel'))).to.be.greaterThan(BRANCHES / 20);
        expect(service.faults).to.deep.equal([]);
      });
    });
  }
});

/** Stops the next Try inside its handler, after it has held something. */
function heldTry(service: PaymentService): { readonly entered: Promise<void>; readonly leave: () => void } {
  const entered = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  service.instead('try', async ({ client, call }) => {
    await client.query(`INSERT INTO hold (branch_id, amount, state) VALUES ($1, 1, 'HELD')`, [call.branchId]);
    entered.resolve();
    await left.promise;
  });
  return { entered: entered.promise, leave: left.resolve };
}

async function untilWaiting(service: PaymentService, sessions: number): Promise<void> {
  const text = `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
  for (;;) {
    const [row] = await service.query(text);
    if (row?.waiting === sessions) return;
    await delay(2);
  }
}
