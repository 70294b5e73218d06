// Owns the proof that every administrative act is written down, with who, from where, what and why, in a chain that shows what was done
// to it; that a refused act is none; and that none waits for the chain.
import { createHash, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { verifyAudit } from '../../src/access/verify.ts';
import { PostgresAudit } from '../../src/ledger/audit.ts';
import { Pool } from '../../src/ledger/pool.ts';
import { until } from '../support/call.ts';
import { GUARD } from '../support/console.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { query } from '../support/embedded.ts';
import { askWith, type KeyAnswerBody, type MadeKey, makeKeyOver, NO_REDIS } from '../support/keys.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const PATIENT = { retry: { initialMs: 3_600_000, maxMs: 3_600_000, attentionAfter: 1 } };
const CHAINED_WITHIN_MS = 10_000;

describe('the audit', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  let pool: Pool;
  let admin: MadeKey;
  let clerk: MadeKey;
  const anyone = askWith(
    () => coordinator,
    () => null,
  );
  const asAdmin = askWith(
    () => coordinator,
    () => admin.key,
  );
  const asClerk = askWith(
    () => coordinator,
    () => clerk.key,
  );
  const verified = () => new PostgresAudit(pool).read((reading) => verifyAudit(reading));

  before(async () => {
    [postgres, payment] = await Promise.all([startPostgres(), startParticipant()]);
    coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS } });
    pool = new Pool({ databaseUrl: postgres.url, size: 1, timeoutMs: 10_000, onFault: () => {} });
  });
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    await pool.end();
    await postgres.stop();
  });

  /** What was written down while the work was done, oldest first. */
  async function entriesOf(work: () => Promise<void>): Promise<KeyAnswerBody[]> {
    const newest = async (): Promise<KeyAnswerBody[]> => (await asAdmin('GET', '/v1/audit?limit=500')).body.items;
    const known = new Set((await newest()).map(({ id }) => id));
    await work();
    return (await newest()).filter(({ id }) => !known.has(id)).toReversed();
  }
  const briefly = (entries: readonly KeyAnswerBody[]): string[] =>
    entries.map(({ act, actor, note }) => `${act} ${actor.name}: ${note}`);

  it('has what nobody in particular did before there was a key, and from where', async () => {
    admin = await makeKeyOver(anyone, 'Ada', ['admin']);
    const { items } = (await asAdmin('GET', '/v1/audit')).body;
    const { id, at, link: _, ...entry } = items[0];
    expect(entry).to.deep.equal({
      act: 'key.create',
      subject: admin.id,
      actor: { kind: 'nobody', id: '', name: '' },
      address: '127.0.0.1',
      note: null,
      detail: { name: 'Ada', scopes: ['admin'], expiresAt: null },
    });
    expect(id).to.match(/^\d+$/);
    expect(Math.abs(Date.parse(at) - Date.now())).to.be.below(10_000);
  });

  it('has what is done to keys', async () => {
    const entries = await entriesOf(async () => {
      clerk = await makeKeyOver(asAdmin, 'Charles', ['stock:write', 'transactions:write']);
      const { id } = await makeKeyOver(asAdmin, 'short', ['stock:read']);
      await asAdmin('POST', `/v1/keys/${id}/rotate`, { overlapMs: 5 });
      await asAdmin('DELETE', `/v1/keys/${id}`);
      await asAdmin('DELETE', `/v1/keys/${id}`);
    });
    expect(entries.map(({ act }) => act)).to.deep.equal(['key.create', 'key.create', 'key.rotate', 'key.revoke']);
    for (const { actor } of entries) expect(actor).to.deep.equal({ kind: 'key', id: admin.id, name: 'Ada' });
    expect(entries[2].detail.overlapMs).to.equal(5);
  });

  it('has what is done to participants, without their secrets', async () => {
    const entries = await entriesOf(async () => {
      await asAdmin('PUT', '/v1/participants/payment', { url: payment.url, ...PATIENT });
      await asAdmin('PUT', '/v1/participants/gone', { url: payment.url });
      await asAdmin('DELETE', '/v1/participants/gone');
      await asAdmin('DELETE', '/v1/participants/gone');
    });
    expect(entries.map(({ act, subject }) => `${act} ${subject}`)).to.deep.equal([
      ...['participant.put payment', 'participant.put gone', 'participant.remove gone'],
    ]);
    expect(entries[0].detail.url).to.equal(payment.url);
    expect(JSON.stringify(entries)).not.to.include('whsec_');
  });

  it('has what an operator does to transactions, by API and in the console, under the name of the key and not under a typed one', async () => {
    payment.behave(({ phase }) => (phase === 'try' ? 200 : 503));
    const stuck = async (): Promise<{ id: string; branchId: string }> => {
      const id = randomUUID();
      const { body } = await asClerk(
        'POST',
        '/v1/transactions',
        { id, branches: [{ participant: 'payment' }] },
        { prefer: 'wait=5' },
      );
      await asClerk('POST', `/v1/transactions/${id}/confirm`);
      await until(
        'it fails',
        async () => (await asAdmin('GET', `/v1/transactions/${id}`)).body.branches[0].nextAttemptAt !== null,
      );
      return { id, branchId: body.branches[0].id };
    };
    const [one, two, three] = [await stuck(), await stuck(), randomUUID()];
    const settle = { as: 'CONFIRMED', note: 'seen in their books' };
    const entries = await entriesOf(async () => {
      await asAdmin('POST', `/v1/transactions/${one.id}/retry`);
      await asAdmin('POST', `/v1/transactions/${one.id}/resolve`, { branchId: one.branchId, ...settle });
      const inConsole = (id: string, act: string, body: object) =>
        asAdmin('POST', `/console/api/transactions/${id}/${act}`, body, GUARD);
      await inConsole(two.id, 'retry', { by: 'Mallory', note: 'again' });
      await inConsole(two.id, 'resolve', { by: 'Mallory', branchId: two.branchId, ...settle });
      await inConsole(three, 'cancel', { note: 'the customer called' });
      // A caller's own cancel is its business.
      await asClerk('POST', `/v1/transactions/${randomUUID()}/cancel`);
    });
    expect(briefly(entries)).to.deep.equal([
      'transaction.retry Ada: null',
      'transaction.resolve Ada: seen in their books',
      'transaction.retry Ada: again',
      'transaction.resolve Ada: seen in their books',
      'transaction.cancel Ada: the customer called',
    ]);
    expect(entries.map(({ subject }) => subject)).to.deep.equal([one.id, one.id, two.id, two.id, three]);
    expect(JSON.stringify(entries)).not.to.include('Mallory');
    const { history } = (await asAdmin('GET', `/v1/transactions/${three}`)).body;
    expect(history[0].detail.by).to.equal('Ada');
  });

  it('has what is done to stock, and an import as two entries, with its digest and counts', async () => {
    const file = 'sku,warehouse,available\nI1,default,5\nI2,default,6\nI3,default,bad\n';
    const entries = await entriesOf(async () => {
      await asClerk('POST', '/v1/stock/movements', { sku: 'S1', kind: 'RECEIVE', quantity: 9, reason: 'delivery 7' });
      await asClerk('PUT', '/v1/stock/S1', { available: 8, reason: 'counted' });
      await asClerk('POST', '/v1/stock/import', file, { 'content-type': 'text/csv' });
    });
    expect(briefly(entries)).to.deep.equal([
      ...['stock.move Charles: delivery 7', 'stock.count Charles: counted'],
      ...['stock.import.begin Charles: null', 'stock.import Charles: null'],
    ]);
    const [move, , begun, ended] = entries;
    expect(move.detail).to.deep.include({ warehouse: 'default', kind: 'RECEIVE', quantity: 9 });
    expect(ended.subject).to.equal(begun.subject);
    expect(ended.detail).to.deep.equal({
      sha256: createHash('sha256').update(file).digest('hex'),
      ...{ accepted: 2, rejected: 1, complete: true },
    });
  });

  it('has nothing of what was refused, failed or was told again', async () => {
    const id = randomUUID();
    await asClerk('POST', '/v1/stock/movements', { id, sku: 'S1', kind: 'RECEIVE', quantity: 1 });
    const entries = await entriesOf(async () => {
      const told: string[] = [];
      const note = async (asked: ReturnType<typeof asClerk>) => told.push((await asked).brief);
      await note(asClerk('DELETE', `/v1/keys/${admin.id}`));
      await note(asClerk('PUT', '/v1/participants/payment', { url: payment.url }));
      await note(asClerk('POST', `/v1/transactions/${id}/retry`));
      await note(anyone('POST', '/v1/stock/movements', { sku: 'S1', kind: 'RECEIVE', quantity: 1 }));
      await note(anyone('POST', '/v1/stock/import', 'sku,warehouse,available\n', { 'content-type': 'text/csv' }));
      await note(asClerk('POST', '/v1/stock/import', '{}', { 'content-type': 'application/json' }));
      await note(asClerk('POST', '/v1/stock/movements', { sku: 'S1', kind: 'WRITE_OFF', quantity: 1_000_000 }));
      await note(asClerk('POST', '/v1/stock/movements', { id, sku: 'S1', kind: 'RECEIVE', quantity: 1 }));
      await note(asAdmin('POST', `/v1/transactions/${randomUUID()}/retry`));
      await note(asAdmin('POST', '/v1/keys', { name: 'x', scopes: ['none'] }));
      expect(told).to.deep.equal([
        ...['403 forbidden', '403 forbidden', '403 forbidden', '401 unauthenticated', '401 unauthenticated'],
        ...['415 unsupported-media-type', '409 insufficient-stock', '200', '404 unknown-transaction', '400 invalid-request'],
      ]);
    });
    expect(entries).to.deep.equal([]);
  });

  it('is listed page by page, newest first, and by act or subject', async () => {
    const all = (await asAdmin('GET', '/v1/audit?limit=500')).body.items.map(({ id }: MadeKey) => id);
    const paged: string[] = [];
    let cursor = '';
    do {
      const { body } = await asAdmin('GET', `/v1/audit?limit=4${cursor}`);
      paged.push(...body.items.map(({ id }: MadeKey) => id));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    expect(paged).to.deep.equal(all);
    expect(new Set(all).size).to.equal(all.length).and.to.be.above(12);
    const { body } = await asAdmin('GET', '/v1/audit?act=stock.move&limit=1');
    expect(body.items.map(({ act }: KeyAnswerBody) => act)).to.deep.equal(['stock.move']);
    expect((await asAdmin('GET', `/v1/audit?cursor=${body.nextCursor}`)).brief).to.equal('400 invalid-request');
    const ofOne = (await asAdmin('GET', `/v1/audit?subject=${clerk.id}`)).body.items;
    expect(ofOne.map(({ act }: KeyAnswerBody) => act)).to.deep.equal(['key.create']);
    for (const bad of ['limit=0', 'act=', 'since=1', `cursor=${Buffer.from('x').toString('base64url')}`])
      expect((await asAdmin('GET', `/v1/audit?${bad}`)).brief, bad).to.equal('400 invalid-request');
  });

  it('takes in what is done beside transactions without a gap, and is chained soon', async () => {
    const moves = 2_000;
    const sku = 'busy';
    let sold = 0;
    const lane = async (of: number): Promise<void> => {
      for (let turn = 0; turn < moves / 20; turn += 1) {
        const moved = await asClerk('POST', '/v1/stock/movements', {
          sku,
          kind: 'RECEIVE',
          quantity: 1,
          reason: `${of}/${turn}`,
        });
        expect(moved.status).to.equal(201);
        if (turn % 4 === 0) {
          const bought = await asClerk('POST', '/v1/transactions', { items: [{ sku, quantity: 1 }] });
          if (bought.status === 201) sold += 1;
        }
      }
    };
    const before = (await verified()).entries;
    await Promise.all(Array.from({ length: 20 }, (_, of) => lane(of)));
    expect(sold).to.be.above(100);
    await until('all is chained', async () => (await verified()).pending === 0, CHAINED_WITHIN_MS);
    const { faults, entries, links } = await verified();
    expect(faults).to.deep.equal([]);
    expect(entries - before).to.be.within(moves, moves + 500);
    // Many share a link: that is what keeps the chain off the way of those who act.
    expect(links).to.be.below(entries / 4);
    const rows = await query(
      postgres.url,
      "SELECT count(DISTINCT note)::int AS notes FROM holdfast.audit_entry WHERE act = 'stock.move' AND subject = 'busy'",
    );
    expect(rows).to.deep.equal([{ notes: moves }]);
    const { items } = (await asAdmin('GET', '/v1/audit?limit=5')).body;
    for (const { link } of items) expect(link).to.be.a('number');
  });
});
