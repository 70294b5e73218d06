// Owns the test that what npm packs works where it is installed, without the sources.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { makeFolder } from '../support/folder.ts';
import { holdfast, OLD_NODE, serveOnce } from '../support/holdfast-command.ts';
import { startPostgres } from '../support/servers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A caller's file: it runs in browsers, so nothing of Node may be needed for its types. */
const CALLER = `
import { HoldfastClient, HoldfastError, type Shortage } from 'holdfast/client';
export async function order(fetch: typeof globalThis.fetch): Promise<readonly Shortage[]> {
  const client = new HoldfastClient({ url: document.location.origin, fetch });
  try {
    const { result } = await client.transaction({ items: [{ sku: 'A', quantity: 1 }] }, (held) => held.items.length);
    result satisfies number;
    return [];
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'insufficient-stock') return error.shortages;
    throw error;
  }
}
`;
const SERVICE = `
import { HoldfastClient } from 'holdfast/client';
import { ensureBarrier, participant, refuse } from 'holdfast/participant';
type Options = Parameters<typeof participant<{ cents: number }>>[0];
const work: Options['try'] = async ({ client, call }) => {
  const { rowCount } = await client.query('SELECT 1 WHERE $1 < 9', [call.payload.cents]);
  rowCount satisfies number | null;
  // @ts-expect-error: it is known what a query gives back
  rowCount satisfies string;
  if (rowCount === 0) refuse('too-much');
};
export const routes = (pool: Options['pool']) => 
  participant<{ cents: number }>({ pool, secrets: ['whsec_'], try: work, confirm: work, cancel: work });
const use: unknown = routes.length + ensureBarrier.length;
export const client = new HoldfastClient({ url: process.env.HOLDFAST_URL ?? 'http://127.0.0.1:8080' });
// @ts-expect-error: a router is no number
export const wrong: number = routes;
routes satisfies (pool: Options['pool']) => { use(path: string): unknown; close(): Promise<void> };
`;
const STRICT = ['--noEmit', '--strict', '--target', 'es2025', '--module', 'nodenext', '--moduleResolution', 'nodenext'];

/** What npm would install beside the package: its dependencies and theirs. */
function installed(): string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, { dev?: boolean; optional?: boolean }>>;
  };
  return Object.entries(lock.packages)
    .filter(([path, { dev, optional }]) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && dev !== true && optional !== true)
    .map(([path]) => path.slice('node_modules/'.length));
}

describe('holdfast as a package', () => {
  it('works as npm packs it', async function () {
    this.timeout(120_000);
    const postgres = await startPostgres();
    const folder = await makeFolder();
    const [source, modules] = [join(folder, 'source'), join(folder, 'elsewhere', 'node_modules')];
    mkdirSync(source);
    mkdirSync(modules, { recursive: true });
    try {
      for (const name of [
        'package.json',
        'tsconfig.json',
        'tsconfig.build.json',
        'sql',
        'scripts',
        'src',
        'workflows',
        'docs',
        'examples',
        'README.md',
      ])
        cpSync(join(ROOT, name), join(source, name), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'));
      const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--silent'], { cwd: source });
      const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string; files: { path: string }[] }[];
      const tops = new Set(packed?.files.map(({ path }) => path.split('/')[0]));
      expect([...tops].sort()).to.deep.equal(['README.md', 'dist', 'docs', 'examples', 'package.json', 'scripts', 'sql']);
      const sources = packed?.files.filter(({ path }) => path.startsWith('examples/') && path.endsWith('.ts')) ?? [];
      expect(sources).to.have.length.above(3);
      for (const { path } of sources) expect(readFileSync(join(source, path), 'utf8'), path).to.not.include("'../../../");
      // Read at the start: without it, nothing below would serve.
      const page = packed?.files.filter(({ path }) => path.startsWith('dist/src/console/page/')) ?? [];
      expect(page).to.have.length(readdirSync(join(ROOT, 'src', 'console', 'page')).length);
      execFileSync('tar', ['-xzf', join(source, packed?.filename ?? ''), '-C', modules]);
      const bin = join(modules, 'package', 'scripts', 'holdfast.mjs');
      const withoutPinned = await holdfast(['--help'], { bin, nodeOptions: OLD_NODE });
      expect(withoutPinned.end).to.equal(1);
      expect(withoutPinned.stderr).to.match(/^holdfast: Node v.* is too old, and the Node that the package brings/);
      for (const name of installed()) {
        mkdirSync(dirname(join(modules, name)), { recursive: true });
        symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
      }
      const help = await holdfast(['--help'], { bin: join(modules, 'package', 'dist', 'src', 'cli', 'main.js') });
      expect(help.stdout).to.match(/^Usage: holdfast/);
      const env = { DATABASE_URL: postgres.url, LOG_LEVEL: 'warn' };
      expect((await holdfast(['migrate'], { bin, env })).end).to.equal(0);
      expect(await serveOnce([], { bin, env })).to.deep.equal({ ready: 200, end: 0 });
      symlinkSync(join(modules, 'package'), join(modules, 'holdfast'));
      await expectUsable(join(folder, 'elsewhere'));
    } finally {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Both libraries, as somebody who installed the package imports them. */
async function expectUsable(folder: string): Promise<void> {
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'caller.ts'), CALLER);
  writeFileSync(join(folder, 'service.ts'), SERVICE);
  const names = `import { HoldfastClient } from 'holdfast/client'; import { participant } from 'holdfast/participant';
    console.log(typeof HoldfastClient, typeof participant);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', names], { cwd: folder });
  expect(stdout).to.equal('function function\n');
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const preserve = '--preserveSymlinks';
  for (const [file, ...options] of [
    ['caller.ts', '--lib', 'es2025,dom,dom.iterable', '--types', ''],
    ['service.ts', '--lib', 'es2025,esnext.disposable', '--types', 'node', '--skipLibCheck'],
  ] as const) {
    const checked = promisify(execFile)(process.execPath, [tsc, ...STRICT, preserve, ...options, file], { cwd: folder });
    const told = await checked.then(
      () => '',
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
    expect(told, file).to.equal('');
  }
}
