// Owns the tests of what PostgreSQL keeps of participants' secrets: apart from the registrations, two that live at most, none longer
// than its participant.
import { expect } from 'chai';
import { newSecret } from '../../src/coordinator/secrets.ts';
import { migrate } from '../../src/ledger/migrate.ts';
import { PostgresQueries } from '../../src/ledger/queries.ts';
import { type BranchCoordinator, startCoordinator } from '../support/branch-coordinator.ts';
import { branchesOf, putParticipantOf, removeParticipantOf, SPARE_SECRET, transactionId, tryOf } from '../support/commands.ts';
import { type LedgerDatabase, makeLedgerDatabase } from '../support/ledger-database.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

describe('the secrets of participants', () => {
  let server: TestServer;
  let database: LedgerDatabase;
  let coordinator: BranchCoordinator;

  before(async () => {
    server = await startPostgres();
    database = await makeLedgerDatabase(server.url, 'secrets');
  });

  beforeEach(async () => {
    await database.empty();
    coordinator = await startCoordinator(database, 1);
    await coordinator.tell(putParticipantOf('pay'));
  });

  afterEach(() => coordinator.lane.close());

  after(async () => {
    await database.close();
    await server.stop();
  });

  const tried = (...participants: readonly string[]) =>
    tryOf(transactionId(1), [], { branches: branchesOf(transactionId(1), ...participants), timeoutMs: 60_000 });

  /** @returns the secret, the one before, and whether that still lives, for at most a day */
  async function secretsOf(name = 'pay'): Promise<unknown[]> {
    const [row] = await database.query(
      `SELECT secret, previous, previous_until > clock_timestamp() AND previous_until <= clock_timestamp() + interval '24 hours' AS lives
       FROM holdfast.participant_secret WHERE participant = '${name}'`,
    );
    return [row?.secret, row?.previous, row?.lives ?? false];
  }

  it('keeps two secrets that live, and no more: the newest, and for a day the one before', async () => {
    const put = (secret: string | null): Promise<string[]> => coordinator.tell(putParticipantOf('pay', { secret }));
    await coordinator.tell(tried('pay'));
    const handedOver = async (): Promise<readonly string[] | undefined> =>
      (await coordinator.work.details([...coordinator.calls]))[0]?.secrets;
    // The first was made when it was registered.
    const first = (await secretsOf())[0];
    expect(await handedOver()).to.deep.equal([first]);
    await put('whsec_1');
    expect(await handedOver()).to.deep.equal(['whsec_1', first]);
    await put('whsec_1');
    await put(null);
    expect(await secretsOf()).to.deep.equal(['whsec_1', first, true]);
    await put('whsec_2');
    expect(await handedOver()).to.deep.equal(['whsec_2', 'whsec_1']);
    // And back again.
    await put('whsec_1');
    expect(await handedOver()).to.deep.equal(['whsec_1', 'whsec_2']);
    await database.query("UPDATE holdfast.participant_secret SET previous_until = clock_timestamp() - interval '1 ms'");
    expect(await handedOver()).to.deep.equal(['whsec_1']);
  });

  it('forgets the secrets of a participant that goes, and makes one for one that has none', async () => {
    await coordinator.tell(putParticipantOf('gone', { secret: 'whsec_1' }), putParticipantOf('gone', { secret: 'whsec_2' }));
    await coordinator.tell(removeParticipantOf('gone'));
    expect(await database.query("SELECT 1 FROM holdfast.participant_secret WHERE participant = 'gone'")).to.deep.equal([]);
    // Gone and here again in one batch.
    await coordinator.tell(putParticipantOf('gone', { secret: 'whsec_3' }));
    await coordinator.tell(removeParticipantOf('gone'), putParticipantOf('gone', { secret: 'whsec_4' }));
    expect(await secretsOf('gone')).to.deep.equal(['whsec_4', null, false]);
    // As one that was registered before there were any.
    await database.query('DELETE FROM holdfast.participant_secret');
    await coordinator.tell(tried('pay'));
    expect((await coordinator.work.details([...coordinator.calls])).map(({ secrets }) => secrets)).to.deep.equal([[]]);
    await coordinator.tell(putParticipantOf('pay'));
    expect(await secretsOf()).to.deep.equal([SPARE_SECRET, null, false]);
  });

  it('are moved out of the registrations of an earlier schema, and the calls of those without one are not signed', async () => {
    const name = '0008_participant_secrets.sql';
    await database.query(`
      DROP TABLE holdfast.participant_secret;
      ALTER TABLE holdfast.participant ADD COLUMN secret text;
      UPDATE holdfast.participant SET secret = 'whsec_old';
      INSERT INTO holdfast.participant
      SELECT 'points', url, timeout_ms, max_concurrency, retry_initial_ms, retry_max_ms, retry_attention_after, created_at, updated_at, NULL
      FROM holdfast.participant;
      DELETE FROM holdfast.schema_migration WHERE name = '${name}'`);
    expect(await migrate(database.url)).to.deep.equal([name]);
    await coordinator.tell(tried('pay', 'points'));
    const details = await coordinator.work.details([...coordinator.calls]);
    expect(details.map(({ participant, secrets }) => [participant.name, secrets])).to.have.deep.members([
      ['pay', ['whsec_old']],
      ['points', []],
    ]);
  });

  it('are made and shown once, where two coordinators register a participant at the same time', async () => {
    const rival = await startCoordinator(database, 2);
    for (let time = 1; time <= 25; time += 1) {
      const name = `rival-${time}`;
      const verdicts = await Promise.all(
        [coordinator, rival].map(({ lane }) => lane.submit(putParticipantOf(name, { spareSecret: newSecret() }))),
      );
      const shown = verdicts.map((verdict) => (verdict.ok ? (verdict.secret ?? null) : verdict.problem.code));
      expect(shown.filter((secret) => secret === null)).to.have.length(1);
      expect(await secretsOf(name)).to.deep.equal([shown.find((secret) => secret !== null), null, false]);
    }
    await rival.lane.close();
  });

  it('stand in no document, and in no other table', async () => {
    await coordinator.tell(putParticipantOf('pay', { secret: 'whsec_1' }), putParticipantOf('points', { secret: 'whsec_2' }));
    await coordinator.tell(tried('pay', 'points'));
    expect(JSON.stringify(await new PostgresQueries(database.pool()).participants(null))).not.to.match(/whsec|secret/);
    const columns = await database.query(
      "SELECT table_name FROM information_schema.columns WHERE table_schema = 'holdfast' AND column_name ~ 'secret' GROUP BY 1",
    );
    expect(columns).to.deep.equal([{ table_name: 'participant_secret' }]);
    const details = await coordinator.work.details([...coordinator.calls]);
    expect(details.map(({ participant, secrets }) => [participant.name, secrets])).to.have.deep.members([
      ['pay', ['whsec_1', SPARE_SECRET]],
      ['points', ['whsec_2']],
    ]);
    const [{ now = 0 } = {}] = details;
    expect(Math.abs(now - Date.now())).to.be.lessThan(60_000);
  });
});
