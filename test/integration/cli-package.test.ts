// Owns the test that what npm packs works where it is installed, without the sources.
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { makeFolder } from '../support/folder.ts';
import { holdfast, OLD_NODE, serveOnce } from '../support/holdfast-command.ts';
import { startPostgres } from '../support/servers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

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
        'README.md',
      ])
        cpSync(join(ROOT, name), join(source, name), { recursive: true });
      symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'));
      const { stdout } = await promisify(execFile)('npm', ['pack', '--json', '--silent'], { cwd: source });
      const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as { filename: string; files: { path: string }[] }[];
      const tops = new Set(packed?.files.map(({ path }) => path.split('/')[0]));
      expect([...tops].sort()).to.deep.equal(['README.md', 'dist', 'package.json', 'scripts', 'sql']);
      execFileSync('tar', ['-xzf', join(source, packed?.filename ?? ''), '-C', modules]);
      const bin = join(modules, 'package', 'scripts', 'holdfast.mjs');
      const withoutPinned = await holdfast(['--help'], { bin, nodeOptions: OLD_NODE });
      expect(withoutPinned.end).to.equal(1);
      expect(withoutPinned.stderr).to.match(/^holdfast: Node v.* is too old, and the Node that the package brings/);
      for (const name of readdirSync(join(ROOT, 'node_modules')))
        symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
      const help = await holdfast(['--help'], { bin: join(modules, 'package', 'dist', 'src', 'cli', 'main.js') });
      expect(help.stdout).to.match(/^Usage: holdfast/);
      const env = { DATABASE_URL: postgres.url, LOG_LEVEL: 'warn' };
      expect((await holdfast(['migrate'], { bin, env })).end).to.equal(0);
      expect(await serveOnce([], { bin, env })).to.deep.equal({ ready: 200, end: 0 });
    } finally {
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
