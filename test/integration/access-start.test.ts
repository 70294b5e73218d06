// Owns the proof that a coordinator is safe by default (contract, section 8): without a key it listens on loopback alone, and the first
// key may come from a file, of which nothing is told.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { makeKey } from '../../src/access/key.ts';
import { newId } from '../../src/coordinator/identifiers.ts';
import { startCoordinator } from '../support/coordinator.ts';
import { query } from '../support/embedded.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { askWith, NO_REDIS } from '../support/keys.ts';
import { startPostgres, type TestServer } from '../support/servers.ts';
import { type Ended, runToEnd } from '../support/start.ts';

const ANYWHERE = { HOST: '0.0.0.0' };

describe('a start that may not be safe', function () {
  this.timeout(60_000);
  const first = makeKey(newId());
  let postgres: TestServer;
  let env: Readonly<Record<string, string>>;
  let folder: string;

  before(async () => {
    [postgres, folder] = await Promise.all([startPostgres(), makeFolderForTheRun()]);
    env = { DATABASE_URL: postgres.url, REDIS_URL: NO_REDIS };
  });
  after(() => postgres.stop());
  const fileOf = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };
  const linesOf = ({ output }: Ended): string[] =>
    output.split('\n').filter((line) => line !== '' && !line.startsWith('{"level":30'));

  it('is refused where others could call and nobody has to say who they are, with one sentence that names what to set', async () => {
    const ends = await Promise.all(
      [{ HOST: '0.0.0.0' }, { HOST: '::' }, { HOST: '0.0.0.0', WORKERS: '2' }].map((more) => runToEnd({ ...env, ...more })),
    );
    for (const ended of ends) {
      expect(ended.code, ended.output).to.equal(1);
      const lines = linesOf(ended);
      expect(lines, ended.output).to.have.length(1);
      expect(lines[0]).to.match(/^holdfast: there is no API key and no token issuer yet/);
      for (const name of ['HOST', 'HOLDFAST_ADMIN_KEY_FILE', 'HOLDFAST_JWT_ISSUER', 'holdfast keys create'])
        expect(lines[0]).to.include(name);
    }
  });

  it('is refused where the file cannot be read, holds no key, or is the key itself; and no sentence shows one', async () => {
    const secret = first.text.split('_')[2] ?? '';
    const files = {
      'cannot be read: ENOENT': join(folder, 'missing'),
      'cannot be read: EISDIR': folder,
      'holds no key': await fileOf('empty', ''),
      'holds no key:': await fileOf('half', first.text.slice(0, -1)),
      'holds no key: hf_': await fileOf('two', `${first.text}\n${first.text}\n`),
      'must be the path of a file': first.text,
    };
    const ends = await Promise.all(
      Object.entries(files).map(
        async ([said, path]) => [said, await runToEnd({ ...env, HOLDFAST_ADMIN_KEY_FILE: path })] as const,
      ),
    );
    for (const [said, ended] of ends) {
      expect(ended.code, ended.output).to.equal(1);
      expect(linesOf(ended), ended.output).to.have.length(1);
      expect(ended.output).to.include(said).and.include('HOLDFAST_ADMIN_KEY_FILE');
      expect(ended.output).not.to.include(secret.slice(0, 32));
    }
    expect(await query(postgres.url, 'SELECT id FROM holdfast.api_key')).to.deep.equal([]);
  });

  it('is safe with a key of a file, in every process, and takes it in once', async () => {
    const path = await fileOf('admin.key', `${first.text}\n`);
    const guarded = { ...env, ...ANYWHERE, HOLDFAST_ADMIN_KEY_FILE: path, WORKERS: '2' };
    for (let start = 0; start < 2; start += 1) {
      const coordinator = await startCoordinator({ env: guarded });
      const asAdmin = askWith(
        () => coordinator,
        () => first.text,
      );
      const anyone = askWith(
        () => coordinator,
        () => null,
      );
      for (let turn = 0; turn < 4; turn += 1) {
        expect((await asAdmin('GET', '/v1/keys', undefined, { connection: 'close' })).status).to.equal(200);
        expect((await anyone('GET', '/v1/keys', undefined, { connection: 'close' })).status).to.equal(401);
      }
      const { body } = await asAdmin('GET', '/v1/audit');
      expect(body.items.map(({ act, subject, actor }: Record<string, unknown>) => ({ act, subject, actor }))).to.deep.equal([
        { act: 'key.adopt', subject: first.id, actor: { kind: 'operator', id: '', name: 'HOLDFAST_ADMIN_KEY_FILE' } },
      ]);
      expect(coordinator.output()).not.to.include(first.text.slice(-64)).and.not.include('There is no API key yet');
      expect(coordinator.output()).to.include('Bearer $HOLDFAST_KEY');
      expect(await coordinator.stop()).to.equal(0);
    }
  });

  it('is refused where the file has another secret under the id of a key', async () => {
    const other = makeKey(first.id);
    const path = await fileOf('other.key', other.text);
    for (const WORKERS of ['1', '2']) {
      const ended = await runToEnd({ ...env, HOLDFAST_ADMIN_KEY_FILE: path, WORKERS });
      expect(ended.code).to.equal(1);
      expect(linesOf(ended)).to.deep.equal([
        `holdfast: the file ${path} (HOLDFAST_ADMIN_KEY_FILE) has another secret than the key of its id that is known.`,
      ]);
    }
  });

  it('leaves a key of the file revoked that was, and takes in another one', async () => {
    const [path, second] = [join(folder, 'admin.key'), makeKey(newId())];
    const guarded = { ...env, ...ANYWHERE, HOLDFAST_ADMIN_KEY_FILE: path };
    const before = await startCoordinator({ env: guarded });
    expect(
      (
        await askWith(
          () => before,
          () => first.text,
        )('DELETE', `/v1/keys/${first.id}`)
      ).status,
    ).to.equal(204);
    expect(await before.stop()).to.equal(0);

    // Nobody can get in, and nobody does: it starts, closed.
    const closed = await startCoordinator({ env: guarded });
    for (const key of [first.text, null])
      expect(
        (
          await askWith(
            () => closed,
            () => key,
          )('GET', '/v1/keys')
        ).status,
      ).to.equal(401);
    expect(await closed.stop()).to.equal(0);

    await writeFile(path, second.text);
    const open = await startCoordinator({ env: guarded });
    expect(
      (
        await askWith(
          () => open,
          () => second.text,
        )('GET', '/v1/keys')
      ).status,
    ).to.equal(200);
    expect(
      (
        await askWith(
          () => open,
          () => first.text,
        )('GET', '/v1/keys')
      ).status,
    ).to.equal(401);
    expect(await open.stop()).to.equal(0);
  });

  it('is safe elsewhere than on loopback once there was a key, also without the file', async () => {
    const coordinator = await startCoordinator({ env: { ...env, ...ANYWHERE } });
    expect(
      (
        await askWith(
          () => coordinator,
          () => null,
        )('GET', '/v1/stock')
      ).status,
    ).to.equal(401);
    // Where everybody has to say who they are, it is asked under whatever name it has.
    const { port } = new URL(coordinator.url);
    expect(await fetch(`http://localhost:${port}/livez`).then(({ status }) => status)).to.equal(200);
    expect(await coordinator.stop()).to.equal(0);
  });
});
