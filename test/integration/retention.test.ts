// Owns the tests of retention, over HTTP: what is removed and when, and that what is left answers as rules 2, 3, 4 and 10 say.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { audit, readOne } from '../support/audit.ts';
import { transactionsOf } from '../support/branches.ts';
import { call, until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { startParticipant } from '../support/participant-server.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

/** As if all that is there had happened so many days earlier. */
const AGE = `
WITH aged AS (
  UPDATE holdfast.transaction
  SET created_at = created_at - $1::int * interval '1 day', updated_at = updated_at - $1::int * interval '1 day',
      expires_at = expires_at - $1::int * interval '1 day', decided_at = decided_at - $1::int * interval '1 day'
  WHERE retired_at IS NULL RETURNING id
)
UPDATE holdfast.reservation SET created_at = created_at - $1::int * interval '1 day' WHERE transaction_id IN (SELECT id FROM aged)`;
const RETIRED = 'SELECT count(*) FROM holdfast.transaction WHERE retired_at IS NOT NULL';

describe('retention', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  const { begin, confirm, cancel, register, get, resolve, ask } = transactionsOf(() => coordinator);

  /** A coordinator looks for what is old when it starts; it keeps transactions for so many days. */
  async function start(days: number): Promise<void> {
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, HOLDFAST_RETENTION_DAYS: String(days) } });
  }
  async function restart(days: number): Promise<void> {
    expect(await coordinator.stop()).to.equal(0);
    await start(days);
  }
  const retired = async (): Promise<number> => Number(await readOne(postgres.url, RETIRED));
  const post = (path: string, body?: unknown) => call(coordinator.url, 'POST', path, body);
  const attempt = (id: string, quantity: number, sku = 'S') =>
    post('/v1/transactions', { id, items: [{ sku, quantity }], reference: 'order-1' });

  beforeEach(async () => {
    postgres = await startPostgres();
    await start(0);
    await post('/v1/stock/movements', { sku: 'S', kind: 'RECEIVE', quantity: 100 });
  });
  afterEach(async () => {
    expect(await coordinator.stop()).to.equal(0);
    expect(await audit(postgres.url)).to.deep.equal([]);
    await postgres.stop();
  });

  it('removes bodies and history of what is finished and old, and nothing else', async () => {
    const [sold, freed, open, young] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await attempt(sold, 5);
    await confirm(sold);
    await post(`/v1/transactions/${sold}/refund`, { id: randomUUID(), items: [{ sku: 'S', quantity: 2 }] });
    await attempt(freed, 7);
    await cancel(freed);
    await post('/v1/transactions', { id: open, items: [{ sku: 'S', quantity: 1 }], timeoutMs: 86_400_000 });
    await readOne(postgres.url, AGE, [40]);
    await readOne(postgres.url, "UPDATE holdfast.transaction SET expires_at = now() + interval '1 hour' WHERE state = 'TRIED'");
    await attempt(young, 3);
    await confirm(young);
    await restart(30);
    await until('the old ones are removed', async () => (await retired()) === 2);

    const { body } = await get(sold);
    expect(body).to.deep.include({ state: 'CONFIRMED', items: [], branches: [], reference: null, history: [] });
    expect((await get(open)).body).to.deep.include({ state: 'TRIED', reference: null });
    expect((await get(young)).body).to.deep.include({ state: 'CONFIRMED', reference: 'order-1' });
    const list = await call(coordinator.url, 'GET', '/v1/transactions');
    const { items } = (list ?? { body: {} }).body as unknown as { items: { id: string }[] };
    expect(items.map(({ id }) => id)).to.deep.equal([young, open]);
    const stock = await call(coordinator.url, 'GET', '/v1/stock/S');
    expect(stock?.body).to.deep.include({ available: 93, reserved: 1, deducted: 6 });
    const history = await call(coordinator.url, 'GET', '/v1/stock/S/history');
    const entries = ((history ?? { body: {} }).body as unknown as { items: { kind: string }[] }).items;
    expect(entries.map(({ kind }) => kind)).to.have.members(['RESERVATION', 'RESERVATION', 'CARRIED', 'RECEIVE']);
    expect(entries.find(({ kind }) => kind === 'CARRIED')).to.deep.include({
      deducted: 5,
      refunded: 2,
      quantity: 3,
      reservations: 2,
    });
  });

  it('leaves enough to answer the same ids for ever (rules 2, 3, 4, 6, 10)', async () => {
    const [sold, freed, expired, short, never] = Array.from({ length: 5 }, () => randomUUID()) as [
      string,
      string,
      string,
      string,
      string,
    ];
    await attempt(sold, 5);
    await confirm(sold);
    await attempt(freed, 7);
    await cancel(freed);
    await post('/v1/transactions', { id: expired, items: [{ sku: 'S', quantity: 1 }], reference: 'order-1', timeoutMs: 100 });
    await until('it expires', async () => (await get(expired)).body.state === 'CANCELLED');
    await attempt(short, 500);
    await cancel(never);
    await readOne(postgres.url, AGE, [31]);
    await restart(30);
    await until('all are removed', async () => (await retired()) === 5);

    const told = async (answer: ReturnType<typeof post>): Promise<string> => {
      const { status, body } = (await answer) ?? { status: 0, body: {} };
      const { code, state } = body as { code?: string; state?: string };
      return `${status} ${code ?? state}`;
    };
    expect(await told(attempt(sold, 5))).to.equal('200 CONFIRMED');
    expect(await told(attempt(sold, 6)), 'other content').to.equal('422 idempotency-mismatch');
    expect(await told(attempt(freed, 7))).to.equal('409 transaction-cancelled');
    expect(await told(attempt(short, 500))).to.equal('409 insufficient-stock');
    expect(await told(attempt(never, 1))).to.equal('409 transaction-cancelled');
    const again = { id: expired, items: [{ sku: 'S', quantity: 1 }], reference: 'order-1', timeoutMs: 100 };
    expect(await told(post('/v1/transactions', again))).to.equal('410 reservation-expired');
    expect((await confirm(sold)).brief).to.equal('200 CONFIRMED');
    expect((await cancel(sold)).brief).to.equal('409 invalid-transition');
    expect((await cancel(freed)).brief).to.equal('200 CANCELLED');
    expect((await confirm(freed)).brief).to.equal('409 invalid-transition');
    expect((await confirm(expired)).brief).to.equal('410 reservation-expired');
    expect(await told(post(`/v1/transactions/${sold}/refund`)), 'what was sold is not known any more').to.equal(
      '409 invalid-transition',
    );
    expect(await told(post(`/v1/transactions/${sold}/extend`, { timeoutMs: 1000 }))).to.equal('409 invalid-transition');
  });

  it('keeps what needs attention, and removes branches with all that belongs to them', async () => {
    const participant = await startParticipant();
    await register('pay', participant, { retry: { initialMs: 50, maxMs: 50, attentionAfter: 1 } });
    const [settled, troubled] = [randomUUID(), randomUUID()];
    for (const id of [settled, troubled]) expect((await begin(['pay'], { id, sku: 'S' })).brief).to.equal('201 TRIED');
    expect((await confirm(settled)).brief).to.equal('200 CONFIRMED');
    participant.behave(() => 409);
    await confirm(troubled, 0);
    await until('it needs attention', async () => (await get(troubled)).body.needsAttention);
    const [branch] = (await get(troubled)).body.branches;
    expect((await resolve(troubled, branch?.id ?? '', 'CANCELLED')).brief).to.equal('200 CONFIRMED');
    await readOne(postgres.url, AGE, [31]);
    await restart(30);
    await until('one is removed', async () => (await retired()) === 1);
    expect((await get(troubled)).body).to.deep.include({ state: 'CONFIRMED', needsAttention: true });
    expect((await get(troubled)).body.branches).to.have.length(1);
    expect(await readOne(postgres.url, 'SELECT count(*) FROM holdfast.branch')).to.equal('1');
    expect((await ask('GET', `/v1/transactions/${settled}`)).body).to.deep.include({ state: 'CONFIRMED', branches: [] });
  });

  it('removes more than a batch at once, while callers are served', async () => {
    await readOne(
      postgres.url,
      `WITH made AS (
         INSERT INTO holdfast.transaction (id, state, content_hash, created_at, expires_at, decided_at, updated_at)
         SELECT gen_random_uuid(), 'CONFIRMED', '\\x00', now() - interval '40 days', now() - interval '39 days', now() - interval '40 days', now() - interval '40 days'
         FROM generate_series(1, 1800) RETURNING id, created_at
       ), sold AS (
         INSERT INTO holdfast.reservation (transaction_id, sku, warehouse, quantity, state, deducted, created_at)
         SELECT id, 'S', 'default', 1, 'DEDUCTED', 1, created_at FROM made
       ), received AS (
         INSERT INTO holdfast.movement (id, sku, warehouse, kind, quantity, delta, at, available_after, reserved_after, deducted_after, version_after)
         VALUES (gen_random_uuid(), 'S', 'default', 'RECEIVE', 1800, 1800, now() - interval '50 days', 1800, 0, 0, 1)
       )
       UPDATE holdfast.stock SET deducted = deducted + 1800 WHERE sku = 'S'`,
    );
    await restart(30);
    const ids = Array.from({ length: 50 }, () => randomUUID());
    const answers = await Promise.all(ids.map(async (id) => (await attempt(id, 1))?.status));
    expect(new Set(answers)).to.deep.equal(new Set([201]));
    await until('all are removed', async () => (await retired()) === 1800);
    const carried = await readOne(postgres.url, "SELECT deducted FROM holdfast.carried WHERE sku = 'S'");
    expect(carried).to.equal('1800');
  });
});
