// Owns the proof that the coordinator needs no more rights than the role holdfast_application has: a whole story is told by such a
// login, which migrates nothing; and that what is granted is what sql/grants says, whatever else was granted before.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { migrate, SchemaMismatch } from '../../src/ledger/migrate.ts';
import { audit } from '../support/audit.ts';
import { transactionsOf } from '../support/branches.ts';
import { until } from '../support/call.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { errorOf } from '../support/error-of.ts';
import { holdfast } from '../support/holdfast-command.ts';
import { startParticipant } from '../support/participant-server.ts';
import { makeRoles, type RoleUrls, refused, run } from '../support/roles.ts';
import { scrape } from '../support/scrape.ts';
import { startPostgres, startRedis, type TestServer } from '../support/servers.ts';

/** As if what is finished had happened so many days earlier. */
const AGE = (days: number): string => `
  UPDATE holdfast.transaction SET created_at = created_at - interval '${days} days', updated_at = updated_at - interval '${days} days'
  WHERE state IN ('CONFIRMED', 'CANCELLED')`;
describe('roles', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let redis: TestServer;
  let urls: RoleUrls;
  let coordinator: CoordinatorProcess;
  const { ask, begin, confirm, cancel, register, stock, stockOf, get, resolve } = transactionsOf(() => coordinator);

  const start = async (days: number): Promise<void> => {
    const env = { DATABASE_URL: urls.application, REDIS_URL: redis.url, HOLDFAST_RETENTION_DAYS: String(days) };
    coordinator = await startCoordinator({ env });
  };
  before(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    urls = await makeRoles(postgres.url);
  });
  after(async () => {
    await coordinator?.stop();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  it('the application migrates nothing, and says who must', async () => {
    const none = await errorOf(migrate(urls.application), SchemaMismatch);
    expect(none.message).to.match(/^ledger_coordinator finds no schema .*run `holdfast migrate` as the owner$/);
    const env = { DATABASE_URL: urls.application };
    expect(await holdfast(['migrate'], { env })).to.deep.include({ end: 1, stderr: `holdfast: ${none.message}.\n` });

    const owned = await holdfast(['migrate'], { env: { ...env, HOLDFAST_MIGRATE_DATABASE_URL: urls.owner } });
    expect(owned.stdout, owned.stderr).to.include('0001_ledger.sql');
    expect(await migrate(urls.application)).to.deep.equal([]);
    for (const [behind, what] of [
      ["name = '0010_roles.sql'", '0010_roles.sql is missing'],
      ["name = 'functions'", 'its functions are others'],
    ] as const) {
      const [row] = await run(urls.owner, `DELETE FROM holdfast.schema_migration WHERE ${behind} RETURNING name, digest`);
      const { message } = await errorOf(migrate(urls.application), SchemaMismatch);
      expect(message)
        .to.include(what)
        .and.to.match(/ledger_coordinator may not change it: run `holdfast migrate` as the owner$/);
      await run(urls.owner, `INSERT INTO holdfast.schema_migration (name, digest) VALUES ('${row?.name}', '${row?.digest}')`);
    }
    const foreign = "INSERT INTO holdfast.schema_migration (name, digest) VALUES ('9999_later.sql', 'x')";
    await run(urls.owner, foreign);
    expect((await errorOf(migrate(urls.application), SchemaMismatch)).message).to.include('newer');
    await run(urls.owner, "DELETE FROM holdfast.schema_migration WHERE name = '9999_later.sql'");
  });

  it('a coordinator needs no more than the application has, for the whole of a story', async () => {
    await start(30);
    const payment = await startParticipant();
    await register('payment', payment, { retry: { initialMs: 50, maxMs: 50, attentionAfter: 1 } });
    await register('gone', payment);
    expect((await ask('DELETE', '/v1/participants/gone')).brief).to.equal('204');
    await stock('S', 100);
    expect((await ask('PUT', '/v1/stock/S', { json: { onHand: 90, reason: 'counted' } })).brief).to.match(/^20/);

    const [sold, freed, troubled, expired] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    expect((await begin([], { id: sold, sku: 'S' })).brief).to.equal('201 TRIED');
    expect((await ask('POST', `/v1/transactions/${sold}/extend`, { json: { timeoutMs: 60_000 } })).brief).to.equal('200 TRIED');
    expect((await confirm(sold)).brief).to.equal('200 CONFIRMED');
    const refund = { id: randomUUID(), items: [{ sku: 'S', quantity: 1 }] };
    expect((await ask('POST', `/v1/transactions/${sold}/refund`, { json: refund })).brief).to.match(/^20/);
    expect((await begin(['payment'], { id: freed, sku: 'S' })).brief).to.equal('201 TRIED');
    expect((await cancel(freed)).brief).to.equal('200 CANCELLED');
    expect((await begin([], { id: expired, sku: 'S', timeoutMs: 100 })).brief).to.equal('201 TRIED');
    await until('it expires', async () => (await get(expired)).body.reason === 'expired');

    expect((await begin(['payment'], { id: troubled, sku: 'S' })).brief).to.equal('201 TRIED');
    payment.behave((_, nth) => (nth === 1 ? 500 : 409));
    await confirm(troubled, 0);
    await until('it needs attention', async () => (await get(troubled)).body.needsAttention);
    const [branch] = (await get(troubled)).body.branches;
    expect((await resolve(troubled, branch?.id ?? '', 'CANCELLED')).brief).to.equal('200 CONFIRMED');
    payment.behave(() => 200);

    for (const path of [
      '/v1/transactions',
      '/v1/stock',
      '/v1/stock/S/history',
      '/v1/operations/hottest',
      '/console/api/overview',
    ])
      expect((await ask('GET', path)).brief, path).to.match(/^200/);
    expect(await stockOf('S')).to.equal('89/0/1');
    await until('every counter was compared', async () => {
      const samples = await scrape(coordinator.url);
      return samples.some(({ name }) => name === 'holdfast_ledger_pass_age_seconds');
    });
    expect((await scrape(coordinator.url)).find(({ name }) => name === 'holdfast_ledger_drift')?.value).to.equal(0);

    await run(urls.superuser, AGE(40));
    expect(await coordinator.stop()).to.equal(0);
    await start(30);
    await until('what is old is removed', async () => {
      const [row] = await run(urls.reader, 'SELECT count(*)::int FROM holdfast.transaction WHERE retired_at IS NOT NULL');
      return row?.count === 3;
    });
    expect((await get(sold)).body).to.deep.include({ state: 'CONFIRMED', items: [], history: [] });
    expect(await coordinator.stop()).to.equal(0);
    expect(coordinator.output()).not.to.include('permission denied');
    expect(await audit(urls.superuser)).to.deep.equal([]);
  });

  it('every table stands on the list, and one function alone runs with its owner’s rights', async () => {
    const unlisted = `SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'holdfast'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND NOT has_any_column_privilege('holdfast_application', c.oid, 'SELECT')`;
    expect(await run(urls.owner, unlisted), 'not in sql/grants/apply.sql').to.deep.equal([]);
    await run(urls.owner, 'CREATE TABLE holdfast.forgotten ()');
    await migrate(urls.owner);
    const named = await run(urls.owner, unlisted);
    await run(urls.owner, 'DROP TABLE holdfast.forgotten');
    expect(named).to.deep.equal([{ name: 'forgotten' }]);
    const definers = `SELECT p.proname AS name, p.proconfig AS config, p.proowner::regrole AS owner FROM pg_proc p
      WHERE p.pronamespace = 'holdfast'::regnamespace AND p.prosecdef`;
    const [definer, ...others] = await run(urls.owner, definers);
    expect(others).to.deep.equal([]);
    expect(definer).to.include({ name: 'retire_transactions', owner: 'ledger_owner' });
    expect(definer?.config).to.include('search_path=pg_catalog, pg_temp');
  });

  it('grants are made again where they are not what they were, and left alone where they are', async () => {
    const state = 'SELECT xmin::text FROM pg_class WHERE oid = $$holdfast.event$$::regclass';
    await migrate(urls.owner);
    const before = await run(urls.owner, state);
    await migrate(urls.owner);
    expect(await run(urls.owner, state)).to.deep.equal(before);
    await run(urls.owner, 'GRANT DELETE ON holdfast.event TO holdfast_application; GRANT SELECT ON holdfast.stock TO PUBLIC');
    await migrate(urls.owner);
    await refused(urls.application, ['DELETE FROM holdfast.event']);
    await run(urls.owner, 'REVOKE INSERT ON holdfast.event FROM holdfast_application');
    await migrate(urls.owner);
    const may = "SELECT has_table_privilege('holdfast.event', 'INSERT') AS may";
    expect(await run(urls.application, may)).to.deep.equal([{ may: true }]);
  });
});
