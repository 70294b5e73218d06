// Owns the proof that neither holdfast_application nor holdfast_reader may do more than sql/grants says: no change of the schema or of
// history, no way to make history look old, no look at secrets.
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { migrate } from '../../src/ledger/migrate.ts';
import { transactionsOf } from '../support/branches.ts';
import { type CoordinatorProcess, startCoordinator } from '../support/coordinator.ts';
import { DENIED, makeRoles, type RoleUrls, refusalOf, refused, run } from '../support/roles.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

const retire = (days: number): string =>
  `SELECT holdfast.retire_transactions(holdfast.epoch_ms(clock_timestamp() - interval '${days} days'), 10)`;

describe('what roles may not do', function () {
  this.timeout(60_000);
  let postgres: TestServer;
  let urls: RoleUrls;
  let coordinator: CoordinatorProcess;
  const { begin, confirm, stock } = transactionsOf(() => coordinator);

  before(async () => {
    postgres = await startPostgres();
    urls = await makeRoles(postgres.url);
    await migrate(urls.owner);
  });
  after(async () => {
    await coordinator?.stop();
    await postgres.stop();
  });

  it('the application changes neither schema nor history', async () => {
    const history = ['event', 'movement', 'refund', 'carried', 'retention', 'schema_migration'];
    const audited = ['audit_entry', 'audit_link'];
    const there = await run(urls.reader, "SELECT relname AS name FROM pg_class WHERE relnamespace = 'holdfast'::regnamespace");
    const kept = [...history, ...audited.filter((name) => there.some((row) => row.name === name))];
    for (const table of kept) {
      const [column] = await run(
        urls.superuser,
        // One whose numbers PostgreSQL always makes itself is refused to everybody, before rights are looked at.
        `SELECT attname AS name FROM pg_attribute
         WHERE attrelid = 'holdfast.${table}'::regclass AND attnum > 0 AND attidentity = '' ORDER BY attnum LIMIT 1`,
      );
      await refused(urls.application, [
        `UPDATE holdfast.${table} SET ${column?.name} = ${column?.name}`,
        `DELETE FROM holdfast.${table}`,
        `TRUNCATE holdfast.${table}`,
        `BEGIN; LOCK TABLE holdfast.${table} IN ACCESS EXCLUSIVE MODE`,
        `ALTER TABLE holdfast.${table} DISABLE TRIGGER ALL`,
        `DROP TABLE holdfast.${table}`,
      ]);
    }
    await refused(urls.application, [
      ...['transaction', 'reservation', 'branch', 'attempt', 'stock'].map((table) => `DELETE FROM holdfast.${table}`),
      ...['transaction', 'reservation', 'branch', 'attempt', 'stock'].map((table) => `TRUNCATE holdfast.${table}`),
      // What was asked for, and when.
      'UPDATE holdfast.transaction SET created_at = now()',
      "UPDATE holdfast.transaction SET content_hash = ''",
      'UPDATE holdfast.transaction SET retired_at = now()',
      'UPDATE holdfast.reservation SET quantity = 1',
      "UPDATE holdfast.branch SET payload = '{}'",
      'CREATE TABLE holdfast.mine ()',
      'CREATE TABLE public.mine ()',
      'CREATE TEMPORARY TABLE mine ()',
      'CREATE SCHEMA mine',
      'CREATE FUNCTION holdfast.epoch_ms(text) RETURNS int LANGUAGE sql RETURN 1',
      'ALTER TABLE holdfast.stock ADD COLUMN mine int',
      'CREATE INDEX ON holdfast.stock (version)',
      'DROP SCHEMA holdfast CASCADE',
      'SET ROLE ledger_owner',
      'SET session_replication_role = replica',
    ]);
  });

  it('the application removes by the one function what is finished and old, and nothing else', async () => {
    const [open, young, old] = [randomUUID(), randomUUID(), randomUUID()];
    coordinator = await startCoordinator({ env: { DATABASE_URL: urls.application, HOLDFAST_RETENTION_DAYS: '0' } });
    await stock('S', 100);
    for (const id of [open, young, old]) expect((await begin([], { id, sku: 'S' })).brief).to.equal('201 TRIED');
    for (const id of [young, old]) expect((await confirm(id)).brief).to.equal('200 CONFIRMED');
    expect(await coordinator.stop()).to.equal(0);
    const aged = `created_at = created_at - interval '20 days', updated_at = updated_at - interval '20 days'`;
    await run(urls.superuser, `UPDATE holdfast.transaction SET ${aged} WHERE id IN ('${open}', '${old}')`);

    for (const days of [-1, 0]) expect(await refusalOf(urls.application, retire(days)), String(days)).to.equal('HF002');
    expect(await refusalOf(urls.application, 'SELECT holdfast.retire_transactions(NULL, 10)')).to.equal('HF002');
    await run(urls.owner, 'UPDATE holdfast.retention SET least_days = 30');
    expect(await refusalOf(urls.application, retire(10))).to.equal('HF002');
    expect(await refusalOf(urls.application, retire(30))).to.equal('done');
    await run(urls.owner, 'UPDATE holdfast.retention SET least_days = 10');
    const mine = `SET search_path = pg_temp, holdfast, public; ${retire(10)}`;
    expect(await run(urls.application, mine)).to.deep.equal([{ retire_transactions: 1 }]);
    const retired = `SELECT id FROM holdfast.transaction WHERE retired_at IS NOT NULL AND id IN ('${open}', '${young}', '${old}')`;
    expect(await run(urls.reader, retired)).to.deep.equal([{ id: old }]);
    // Exactly as old as is allowed is old enough, at whatever fraction of a millisecond it is asked.
    for (let time = 0; time < 50; time += 1)
      expect(await run(urls.application, retire(10))).to.deep.equal([{ retire_transactions: 0 }]);
    // Nor may anybody without a role.
    await run(urls.superuser, "CREATE ROLE nobody_special LOGIN PASSWORD 'ledger_nobody-password'");
    const nobody = urls.application.replace(/ledger_coordinator:[^@]*/, 'nobody_special:ledger_nobody-password');
    expect(await refusalOf(nobody, 'SELECT 1'), 'CONNECT').to.equal(DENIED);
    await run(
      urls.superuser,
      'GRANT CONNECT ON DATABASE ledger TO nobody_special; GRANT USAGE ON SCHEMA holdfast TO nobody_special',
    );
    await refused(nobody, [retire(30), 'TABLE holdfast.stock', 'TABLE holdfast.transaction_document']);
  });

  it('a reader reads all but secrets, and writes nothing', async () => {
    const relations = await run(
      urls.reader,
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'holdfast'::regnamespace AND relkind IN ('r', 'p', 'v') ORDER BY 1`,
    );
    const names = relations.map(({ name }) => String(name));
    expect(names).to.include.members([
      'stock',
      'transaction',
      'event',
      'participant',
      'participant_document',
      'schema_migration',
    ]);
    const columnsOf = `SELECT a.attname AS name, a.attidentity <> '' AS numbered, has_column_privilege(a.attrelid, a.attnum, 'SELECT') AS shown FROM pg_attribute a
      WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid = `;
    for (const name of names) {
      const columns = await run(urls.reader, `${columnsOf}'holdfast.${name}'::regclass`);
      const hidden = columns.filter(({ shown }) => !shown).map((column) => `${name}.${column.name}`);
      // Whatever is called so is a secret, or stands here with what it is.
      const secret = columns
        .map((column) => `${name}.${column.name}`)
        .filter((column) => /secret|token|password|hash$/.test(column));
      const harmless = ['transaction.content_hash', 'movement.content_hash', 'refund.content_hash'];
      const chain = /^audit_\w+\.\w*hash$/;
      const wanted = name === 'participant_secret' ? columns.map((column) => `${name}.${column.name}`) : secret;
      expect(hidden, name).to.have.members(wanted.filter((column) => !harmless.includes(column) && !chain.test(column)));
      const shown = columns.filter((column) => column.shown).map((column) => `"${column.name}"`);
      const plain = columns.find((column) => column.shown && !column.numbered);
      if (shown.length > 0) await run(urls.reader, `SELECT ${shown.join(', ')} FROM holdfast.${name} LIMIT 1`);
      if (hidden.length > 0) await refused(urls.reader, [`TABLE holdfast.${name}`]);
      // Of this view the first column is a number of PostgreSQL's, and the other no column at all: nobody may update either.
      const updates = name === 'audit_entry_document' ? [] : [`UPDATE holdfast.${name} SET "${plain?.name ?? 'secret'}" = NULL`];
      const writes = [`DELETE FROM holdfast.${name}`, ...updates];
      await refused(urls.reader, [
        ...writes,
        `INSERT INTO holdfast.${name} DEFAULT VALUES`,
        `BEGIN; LOCK TABLE holdfast.${name} IN SHARE MODE`,
      ]);
    }
    await refused(urls.reader, [
      ...[retire(30), 'SELECT holdfast.end_leases(NULL)', 'CREATE TABLE holdfast.mine ()', 'CREATE TEMPORARY TABLE mine ()'],
    ]);
  });
});
