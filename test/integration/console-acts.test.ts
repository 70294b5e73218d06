// Owns the tests of what an operator may do in the console, on a real coordinator: each act stands in the history with who and why, and
// nobody but the console's page may ask for one.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { consoleOf, GUARD } from '../support/console.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { type ParticipantServer, startParticipant } from '../support/participant-server.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const PATIENT = { retry: { initialMs: 3_600_000, maxMs: 3_600_000, attentionAfter: 1 } };
const BY = 'Ada — チケット';
const NOTE = 'the customer called';

describe('what an operator does in the console', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let database: LedgerDatabase;
  let coordinator: CoordinatorProcess;
  let payment: ParticipantServer;
  const api = transactionsOf(() => coordinator);
  const { act } = consoleOf(() => coordinator);
  const events = async (id: string, name: string) => (await api.get(id)).body.history.filter(({ event }) => event === name);

  before(async () => {
    [postgres, payment] = await Promise.all([startPostgres(), startParticipant()]);
    database = await makeLedgerDatabase(postgres.url, 'acts');
    coordinator = await startCoordinator({ env: { DATABASE_URL: database.url } });
    await api.register('payment', payment, PATIENT);
    await api.stock('S1', 100);
  });
  beforeEach(() => payment.behave(() => 200));
  after(async () => {
    expect(await coordinator.stop()).to.equal(0);
    expect(await database.audit()).to.deep.equal([]);
    await database.close();
    await postgres.stop();
  });

  async function stick(): Promise<{ id: string; branchId: string }> {
    payment.behave(({ phase }) => (phase === 'try' ? 200 : 503));
    const id = randomUUID();
    const { branches } = (await api.begin(['payment'], { id, sku: 'S1' })).body;
    await api.confirm(id, 0);
    await until('it fails', async () => (await api.get(id)).body.branches[0]?.nextAttemptAt !== null);
    return { id, branchId: branches[0]?.id ?? '' };
  }

  it('is a cancel: once, with who and why beside the decision', async () => {
    const id = randomUUID();
    await api.begin([], { id, sku: 'S1' });
    expect(await act(id, 'cancel', { by: BY, note: NOTE })).to.equal('200 CANCELLED');
    expect(await act(id, 'cancel', { by: 'somebody else', note: 'again' })).to.equal('200 CANCELLED');
    const { body } = await api.get(id);
    expect(body).to.include({ reason: 'requested', note: NOTE });
    expect(body.history.map(({ event, from, to, detail }) => ({ event, from, to, detail }))).to.deep.equal([
      { event: 'TRY', from: null, to: 'TRIED', detail: undefined },
      { event: 'CANCEL', from: 'TRIED', to: 'CANCELLED', detail: { reason: 'requested', note: NOTE, by: BY } },
    ]);
  });

  it('is a cancel of one with branches, and of an id that was never seen', async () => {
    const [id, unseen] = [randomUUID(), randomUUID()];
    await api.begin(['payment'], { id, sku: 'S1' });
    expect(await act(id, 'cancel', { by: BY, note: NOTE })).to.equal('200 CANCELLED');
    expect(await act(unseen, 'cancel', { by: BY, note: NOTE })).to.equal('200 CANCELLED');
    for (const [of, reason] of [
      [id, 'requested'],
      [unseen, 'cancelled-before-try'],
    ] as const)
      expect((await events(of, 'CANCEL')).map(({ detail }) => detail)).to.deep.equal([{ reason, note: NOTE, by: BY }]);
    expect((await api.begin([], { id: unseen, sku: 'S1' })).brief).to.equal('409 transaction-cancelled');
  });

  it('leaves the cancel of a caller without a name', async () => {
    const id = randomUUID();
    await api.begin([], { id, sku: 'S1' });
    expect((await api.cancel(id)).brief).to.equal('200 CANCELLED');
    expect((await events(id, 'CANCEL'))[0]?.detail).to.deep.equal({ reason: 'requested', note: null });
    expect(await act(id, 'cancel', { by: BY, note: NOTE })).to.equal('200 CANCELLED');
    expect((await events(id, 'CANCEL'))[0]?.detail).to.deep.equal({ reason: 'requested', note: null });
  });

  it('is refused where /v1 would refuse it', async () => {
    const id = randomUUID();
    await api.begin([], { id, sku: 'S1' });
    await api.confirm(id);
    expect(await act(id, 'cancel', { by: BY, note: NOTE })).to.equal('409 invalid-transition');
    expect(await act(randomUUID(), 'retry', { by: BY })).to.equal('404 unknown-transaction');
    expect(await events(id, 'CANCEL')).to.deep.equal([]);
  });

  it('is a retry, with or without a note', async () => {
    const { id } = await stick();
    expect(await act(id, 'retry', { by: BY, note: NOTE })).to.equal('200 CONFIRMING');
    await until('it fails again', async () => (await api.get(id)).body.branches[0]?.nextAttemptAt !== null);
    payment.behave(() => 200);
    expect(await act(id, 'retry', { by: BY })).to.equal('200 CONFIRMING');
    await until('it is confirmed', async () => (await api.get(id)).body.state === 'CONFIRMED');
    expect((await events(id, 'RETRY')).map(({ detail }) => detail)).to.deep.equal([{ by: BY, note: NOTE }, { by: BY }]);
  });

  it('is a branch resolved by hand', async () => {
    const { id, branchId } = await stick();
    expect(await act(id, 'resolve', { by: BY, branchId, as: 'CONFIRMED', note: NOTE })).to.equal('200 CONFIRMED');
    const [event] = await events(id, 'RESOLVE');
    expect(event?.detail).to.include({ branchId, as: 'CONFIRMED', note: NOTE, by: BY });
  });

  it('needs to say who and, but for a retry, why', async () => {
    const id = randomUUID();
    const bodies: readonly (readonly [string, unknown])[] = [
      ['retry', {}],
      ['retry', { by: '' }],
      ['retry', { by: '  ' }],
      ['retry', { by: 'x'.repeat(101) }],
      ['cancel', { by: BY }],
      ['cancel', { by: BY, note: ' ' }],
      ['cancel', { by: BY, note: 'x'.repeat(501) }],
      ['cancel', { by: BY, note: NOTE, reason: NOTE }],
      ['resolve', { by: BY, branchId: id, as: 'CONFIRMED' }],
      ['resolve', { by: BY, branchId: 'x', as: 'CONFIRMED', note: NOTE }],
      ['resolve', { branchId: id, as: 'CONFIRMED', note: NOTE }],
    ];
    for (const [name, body] of bodies) expect(await act(id, name, body), JSON.stringify(body)).to.equal('400 invalid-request');
    expect((await api.get(id)).brief).to.equal('404 unknown-transaction');
  });

  it('is for the console’s own page alone', async () => {
    const id = randomUUID();
    await api.begin([], { id, sku: 'S1' });
    const body = { by: BY, note: NOTE };
    const elsewhere: readonly Readonly<Record<string, string>>[] = [
      {},
      { 'X-Holdfast-Console': '0' },
      { ...GUARD, Origin: 'https://elsewhere.example' },
      { ...GUARD, Origin: 'null' },
      // A browser says so; fetch of Node passes it on.
      { ...GUARD, 'Sec-Fetch-Site': 'same-site' },
      { ...GUARD, 'Sec-Fetch-Site': 'cross-site' },
    ];
    for (const headers of elsewhere)
      for (const name of ['cancel', 'retry', 'resolve'])
        expect(await act(id, name, body, headers), JSON.stringify(headers)).to.equal('403 forbidden');
    expect((await api.get(id)).brief).to.equal('200 TRIED');
    expect(await act(id, 'cancel', body, { ...GUARD, Origin: coordinator.url })).to.equal('200 CANCELLED');
  });
});
