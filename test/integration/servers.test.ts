// Owns the proof that other people's PostgreSQL will do: every version from 15 to 18 that this machine has, and TLS to it.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { serverAccount } from '../../src/embedded/account.ts';
import type { PostgresPrograms } from '../../src/embedded/postgres.ts';
import { freePort } from '../../src/embedded/redis.ts';
import { DatabaseUnreachable, migrate } from '../../src/ledger/migrate.ts';
import { audit, readOne } from '../support/audit.ts';
import { answered, receive, until } from '../support/call.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { checkHistory, startLoad } from '../support/load.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';

/** Where Linux distributions, Homebrew and Postgres.app put the versions side by side. */
const PLACES = [
  (version: number) => `/usr/lib/postgresql/${version}/bin`,
  (version: number) => `/usr/pgsql-${version}/bin`,
  (version: number) => `/opt/homebrew/opt/postgresql@${version}/bin`,
  (version: number) => `/usr/local/opt/postgresql@${version}/bin`,
  (version: number) => `/Applications/Postgres.app/Contents/Versions/${version}/bin`,
];

function installed(): Map<string, PostgresPrograms | null> {
  const found = new Map<string, PostgresPrograms | null>([['the embedded one', null]]);
  for (const version of [15, 16, 17, 18]) {
    const folder = PLACES.map((place) => place(version)).find((path) => existsSync(join(path, 'initdb')));
    if (folder !== undefined) found.set(`${version}`, { postgres: join(folder, 'postgres'), initdb: join(folder, 'initdb') });
  }
  return found;
}

describe('PostgreSQL from elsewhere', function () {
  this.timeout(40_000);

  for (const [name, programs] of installed()) {
    it(`serves a mixed load on version ${name}`, async () => {
      const postgres = await startPostgres({}, programs);
      const coordinator = await startCoordinator({ env: { DATABASE_URL: postgres.url } });
      const load = await startLoad([coordinator.url], { clients: 16, skus: ['a', 'b', 'c'], quantity: 150, lives: 15 });
      await receive(coordinator.url, 'other', 5);
      const tried = await answered(coordinator.url, 'POST', '/v1/transactions', {
        items: [{ sku: 'other', quantity: 5 }],
        timeoutMs: 500,
      });
      const counted = await answered(coordinator.url, 'PUT', '/v1/stock/counted', { onHand: 7 });
      expect([tried.status, counted.status, counted.body.available]).to.deep.equal([201, 200, 7]);
      const page = await answered(coordinator.url, 'GET', '/v1/stock/other/history');
      expect(page.body.items).to.have.length(2);
      await until('it expires', async () => (await answered(coordinator.url, 'GET', '/v1/stock/other')).body.available === 5);
      expect(await checkHistory(coordinator.url, await load.done)).to.deep.equal([]);
      expect(await audit(postgres.url)).to.deep.equal([]);
      expect(await coordinator.stop()).to.equal(0);
      expect(coordinator.output()).not.to.match(/"level":(50|60)/);
      await postgres.stop();
    });
  }

  describe('over TLS', () => {
    let folder = '';
    let postgres: TestServer;
    let tlsUrl = (_query: string): string => '';

    before(async () => {
      folder = await makeFolderForTheRun();
      makeCertificate(folder, 'server');
      makeCertificate(folder, 'stranger');
      const port = String(await freePort());
      const files = { ssl_cert_file: join(folder, 'server.crt'), ssl_key_file: join(folder, 'server.key') };
      postgres = await startPostgres({ ssl: 'on', ...files, listen_addresses: '127.0.0.1', port });
      const { username, password, pathname } = new URL(postgres.url);
      tlsUrl = (query) => `postgres://${username}:${password}@localhost:${port}${pathname}?${query}`;
    });
    after(() => postgres.stop());

    it('serves, verifying the certificate and the name', async () => {
      const url = tlsUrl(`sslmode=verify-full&sslrootcert=${join(folder, 'server.crt')}`);
      const coordinator = await startCoordinator({ env: { DATABASE_URL: url } });
      const load = await startLoad([coordinator.url], { clients: 8, skus: ['tls'], quantity: 200, lives: 10 });
      expect(await checkHistory(coordinator.url, await load.done)).to.deep.equal([]);
      // pg_stat_ssl is of those that are connected now: the lane, and whoever reads.
      const plain = `SELECT count(*)::int FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'holdfast%' AND NOT ssl`;
      expect(await readOne(url, plain)).to.equal(0);
      expect(await readOne(url, plain.replace('NOT ssl', 'ssl'))).to.be.at.least(1);
      expect(await audit(url)).to.deep.equal([]);
      expect(await coordinator.stop()).to.equal(0);
    });

    it('refuses a certificate of somebody else, another name, and a missing file, and says so', async () => {
      const wrongCa = await failureOf(tlsUrl(`sslmode=verify-full&sslrootcert=${join(folder, 'stranger.crt')}`));
      expect(wrongCa).to.match(/PostgreSQL at localhost:\d+\/postgres cannot be used: .*certificate/i);
      const wrongName = tlsUrl(`sslmode=verify-full&sslrootcert=${join(folder, 'server.crt')}`).replace(
        '@localhost',
        '@127.0.0.1',
      );
      expect(await failureOf(wrongName)).to.match(/127\.0\.0\.1.*(altnames|match)/i);
      const missing = await failureOf(tlsUrl(`sslmode=verify-full&sslrootcert=${join(folder, 'none.crt')}`));
      expect(missing).to.contain('none.crt');
      const { password } = new URL(postgres.url);
      for (const said of [wrongCa, missing]) expect(said).not.to.contain(password);
    });
  });
});

async function failureOf(databaseUrl: string): Promise<string> {
  const outcome = await migrate(databaseUrl).catch((error: unknown) => error);
  expect(outcome).to.be.instanceOf(DatabaseUnreachable);
  return outcome instanceof Error ? outcome.message : '';
}

/** A certificate for localhost that vouches for itself, and its key, as PostgreSQL wants to find them. */
function makeCertificate(folder: string, name: string): void {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const config = join(folder, `${name}.cnf`);
  // By a file: -addext is not known to every openssl that calls itself so.
  writeFileSync(
    config,
    `[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=${name}\n[ext]\nsubjectAltName=DNS:localhost\nbasicConstraints=CA:TRUE\n`,
  );
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    '-config',
    config,
    '-keyout',
    key,
    '-out',
    certificate,
  ];
  execFileSync('openssl', request, { stdio: 'ignore' });
  const { owner } = serverAccount([folder]);
  for (const file of readdirSync(folder)) {
    chmodSync(join(folder, file), file.endsWith('.key') ? 0o600 : 0o644);
    if (owner !== null) chownSync(join(folder, file), owner.uid, owner.gid);
  }
}
