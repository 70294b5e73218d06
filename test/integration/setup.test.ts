// Owns the tests of scripts/setup.mjs: run as a process, in a folder and with a PATH made for the case, so that nothing on this
// machine is touched. npm, apt-get and the like are scripts that write down how they were called.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { atTheEnd } from '../support/end.ts';
import { makeFolder } from '../support/folder.ts';

const SETUP = fileURLToPath(new URL('../../scripts/setup.mjs', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;

interface Sandbox {
  readonly root: string;
  /** Puts a program on PATH; `body` is a shell script, $BIN and $ROOT stand for the folders. */
  program(name: string, body?: string): void;
  write(path: string, content: string): void;
  run(mode: string, env?: Readonly<Record<string, string>>): { readonly status: number | null; readonly output: string };
  /** How the programs were called, in order. */
  calls(): string[];
}

async function makeSandbox(): Promise<Sandbox> {
  const root = await makeFolder();
  atTheEnd(async () => rmSync(root, { recursive: true, force: true }));
  const [bin, record] = [join(root, 'bin'), join(root, 'calls')];
  mkdirSync(bin);
  mkdirSync(join(root, 'scripts'));
  copyFileSync(SETUP, join(root, 'scripts/setup.mjs'));
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  const program = (name: string, body = ''): void => {
    const script = `#!/bin/sh\nBIN='${bin}' ROOT='${root}'\necho "${name} $*" >> '${record}'\n${body}\n`;
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  };
  return {
    root,
    program,
    write,
    run: (mode, env = {}) => {
      const result = spawnSync(process.execPath, [join(root, 'scripts/setup.mjs'), mode], {
        encoding: 'utf8',
        env: { PATH: bin, ...env },
      });
      return { status: result.status, output: result.stdout + result.stderr };
    },
    calls: () => (existsSync(record) ? readFileSync(record, 'utf8').trim().split('\n') : []),
  };
}

const lockOf = (packages: object): string =>
  JSON.stringify({ lockfileVersion: 3, packages: { '': { name: 'holdfast' }, ...packages } });

/** A folder where everything is there. */
async function readySandbox(): Promise<Sandbox> {
  const sandbox = await makeSandbox();
  sandbox.write(
    'package-lock.json',
    lockOf({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/d': { version: '3.0.0', dev: true } }),
  );
  sandbox.write(
    'node_modules/.package-lock.json',
    lockOf({ 'node_modules/a': { version: '1.0.0' }, 'node_modules/d': { version: '3.0.0' } }),
  );
  sandbox.program('npm');
  sandbox.program('redis-server');
  return sandbox;
}

const FAKE_INSTALL = `[ "$1" = install ] && { printf '#!/bin/sh\\n' > $BIN/redis-server; /bin/chmod 755 $BIN/redis-server; }; exit 0`;

describe('the set-up', () => {
  it('does nothing and says nothing where nothing is missing', async () => {
    for (const mode of ['start', 'test']) {
      const sandbox = await readySandbox();
      expect(sandbox.run(mode)).to.deep.equal({ status: 0, output: '' });
      expect(sandbox.calls()).to.deep.equal([]);
    }
  });

  it('refuses to guess what it is for', async () => {
    const sandbox = await readySandbox();
    expect(sandbox.run('both').status).to.equal(1);
  });

  describe('of the packages', () => {
    it('runs npm ci where node_modules is missing', async () => {
      const sandbox = await readySandbox();
      sandbox.write('node_modules/.package-lock.json', '');
      expect(sandbox.run('start').status).to.equal(0);
      expect(sandbox.calls()).to.deep.equal(['npm ci --loglevel=error']);
    });

    it('runs npm ci where the lockfile names another version, or one package more, whatever the times of the files', async () => {
      for (const wanted of [
        { 'node_modules/a': { version: '1.0.1' } },
        { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } },
      ]) {
        const sandbox = await readySandbox();
        sandbox.write('package-lock.json', lockOf(wanted));
        sandbox.write('node_modules/.package-lock.json', lockOf({ 'node_modules/a': { version: '1.0.0' } }));
        sandbox.run('test');
        expect(sandbox.calls()).to.deep.equal(['npm ci --loglevel=error --include=dev']);
      }
    });

    it('does not miss optional packages of other platforms, nor, to start, those for development', async () => {
      const sandbox = await readySandbox();
      const others = {
        'node_modules/mac': { version: '1.0.0', optional: true },
        'node_modules/d': { version: '3.0.0', dev: true },
      };
      sandbox.write('package-lock.json', lockOf(others));
      sandbox.write('node_modules/.package-lock.json', lockOf({}));
      expect(sandbox.run('start').output).to.equal('');
      sandbox.run('test');
      expect(sandbox.calls()).to.deep.equal(['npm ci --loglevel=error --include=dev']);
    });

    it('calls the npm that called it, and fails when npm does', async () => {
      const sandbox = await readySandbox();
      sandbox.write('package-lock.json', lockOf({ 'node_modules/b': { version: '1.0.0' } }));
      sandbox.write('npm-cli.cjs', `require('node:fs').writeFileSync('called', process.argv.slice(2).join()); process.exit(7);`);
      const result = sandbox.run('start', { npm_execpath: join(sandbox.root, 'npm-cli.cjs') });
      expect(result.status).to.equal(1);
      expect(result.output).to.include('npm ci failed');
      expect(sandbox.calls()).to.deep.equal([]);
    });
  });

  describe('of Redis', () => {
    it('takes valkey-server as well, and asks for neither where REDIS_URL is set, except for the tests', async () => {
      const sandbox = await makeWithoutRedis();
      expect(sandbox.run('start', { REDIS_URL: 'redis://elsewhere' }).output).to.equal('');
      expect(sandbox.run('test', { REDIS_URL: 'redis://elsewhere' }).status).to.equal(1);
      sandbox.program('valkey-server');
      expect(sandbox.run('test').output).to.equal('');
    });

    it('goes on without to start, and gives up before the tests, naming the command, where it may not install', async () => {
      const sandbox = await makeWithoutRedis();
      sandbox.program('apt-get', FAKE_INSTALL);
      const started = sandbox.run('start', { HOLDFAST_SETUP: 'off' });
      expect(started.status).to.equal(0);
      expect(started.output).to.include('going on without').and.include('apt-get install redis-server');
      const tested = sandbox.run('test', { HOLDFAST_SETUP: 'off' });
      expect(tested.status).to.equal(1);
      expect(tested.output).to.include('apt-get install redis-server');
      expect(sandbox.calls()).to.deep.equal([]);
    });

    it('is installed by apt-get as root, after a look for newer lists where need be; anybody else is told the command', async () => {
      const sandbox = await makeWithoutRedis();
      sandbox.program(
        'apt-get',
        `[ "$1" = install ] && ! [ -e $ROOT/updated ] && exit 100\n[ "$1" = update ] && : > $ROOT/updated\n${FAKE_INSTALL}`,
      );
      sandbox.program('systemctl');
      const policyBefore = existsSync('/usr/sbin/policy-rc.d');
      const result = sandbox.run('test');
      const install = 'apt-get install --yes --no-install-recommends redis-server';
      const calls = sandbox.calls().filter((call) => call.startsWith('apt-get'));
      expect(calls).to.deep.equal(IS_ROOT ? [install, 'apt-get update', install] : []);
      expect(result.status).to.equal(IS_ROOT ? 0 : 1);
      expect(result.output).to.include(IS_ROOT ? 'redis-server is installed' : 'sudo apt-get install redis-server');
      expect(existsSync('/usr/sbin/policy-rc.d')).to.equal(policyBefore);
    });

    it('is done without, to start, where apt-get fails', async () => {
      const sandbox = await makeWithoutRedis();
      sandbox.program('apt-get', 'exit 100');
      expect(sandbox.run('start').status).to.equal(0);
      expect(sandbox.run('test').status).to.equal(1);
    });
  });
});

async function makeWithoutRedis(): Promise<Sandbox> {
  const sandbox = await readySandbox();
  rmSync(join(sandbox.root, 'bin/redis-server'));
  return sandbox;
}
