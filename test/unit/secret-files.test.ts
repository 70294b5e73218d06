// Owns the tests of settings that come by file: which may, what is read, and what is said where that cannot be.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ConfigError, readConfig } from '../../src/config.ts';
import { fileNameOf, SECRET_NAMES, withSecretFiles } from '../../src/secret-files.ts';
import { makeFolderForTheRun } from '../support/folder.ts';

const URL_TEXT = 'postgres://me:hunter2@db/x';

function faultsOf(env: Readonly<Record<string, string>>, names?: readonly string[]): readonly string[] {
  try {
    withSecretFiles(env, names);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('settings by file', () => {
  let folder = '';
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  before(async () => {
    folder = await makeFolderForTheRun();
  });

  it('are those that may hold a password', () => {
    expect(SECRET_NAMES).to.include.members(['DATABASE_URL', 'HOLDFAST_MIGRATE_DATABASE_URL', 'REDIS_URL', 'HOLDFAST_URL']);
    const env = Object.fromEntries(SECRET_NAMES.map((name) => [fileNameOf(name), file(name, `value of ${name}\n`)]));
    expect(withSecretFiles({ ...env, PORT: '1' })).to.deep.equal({
      PORT: '1',
      ...Object.fromEntries(SECRET_NAMES.map((name) => [name, `value of ${name}`])),
    });
    expect(() => readConfig(withSecretFiles({ HOLDFAST_POOL_SIZE_FILE: '/x' }))).to.throw(ConfigError, 'HOLDFAST_POOL_SIZE_FILE');
  });

  it('lose one newline at the end, and nothing else', () => {
    for (const [text, value] of [
      [URL_TEXT, URL_TEXT],
      [`${URL_TEXT}\n`, URL_TEXT],
      [`${URL_TEXT}\r\n`, URL_TEXT],
      [`${URL_TEXT}\n\n`, `${URL_TEXT}\n`],
      [` ${URL_TEXT}`, ` ${URL_TEXT}`],
    ] as const) {
      expect(withSecretFiles({ DATABASE_URL_FILE: file('url', text) }).DATABASE_URL, JSON.stringify(text)).to.equal(value);
    }
  });

  it('count an empty name of a file as not set', () => {
    expect(withSecretFiles({ DATABASE_URL: URL_TEXT, DATABASE_URL_FILE: '' })).to.deep.equal({ DATABASE_URL: URL_TEXT });
    expect(withSecretFiles({ DATABASE_URL: '', DATABASE_URL_FILE: file('url', URL_TEXT) })).to.deep.equal({
      DATABASE_URL: URL_TEXT,
    });
  });

  it('name every fault at once, with the path and never with what is in it', () => {
    const faults = faultsOf({
      DATABASE_URL: URL_TEXT,
      DATABASE_URL_FILE: file('url', 'postgres://me:other@db/x'),
      REDIS_URL_FILE: join(folder, 'none'),
      HOLDFAST_MIGRATE_DATABASE_URL_FILE: file('nothing', '\n'),
      HOLDFAST_URL_FILE: folder,
    });
    expect(faults).to.have.members([
      'DATABASE_URL and DATABASE_URL_FILE are both set: one of them must go.',
      `REDIS_URL_FILE names ${join(folder, 'none')}, which cannot be read (ENOENT).`,
      `HOLDFAST_MIGRATE_DATABASE_URL_FILE names ${join(folder, 'nothing')}, which is empty.`,
      `HOLDFAST_URL_FILE names ${folder}, which cannot be read (EISDIR).`,
    ]);
    expect(faultsOf({ DATABASE_URL_FILE: join(folder, 'none') }, ['HOLDFAST_URL']), 'only what is asked for').to.deep.equal([]);
  });
});
