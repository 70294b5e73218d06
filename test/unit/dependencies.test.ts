// Holds docs/dependencies.md and `allowScripts` to package.json and package-lock.json: each direct dependency has its line with its
// licence, each install script is allowed or not and said why, and the lockfile pins all of it by contents.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

interface Locked {
  readonly version: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
}

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const read = (path: string): string => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const lock = JSON.parse(read('package-lock.json')) as {
  readonly packages: Readonly<Record<string, Locked & Partial<Manifest>>>;
};
const installed = Object.entries(lock.packages).filter(([path]) => path !== '');
const nameOf = (path: string): string => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);

/** The rows of the table below a heading, cell by cell; code marks are taken off the first. */
function rowsBelow(heading: string): string[][] {
  const [, section = ''] = read('docs/dependencies.md').split(`## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

describe('dependencies', () => {
  it('are each on the page, with why and their licence', () => {
    for (const [heading, direct] of [
      ['What runs in production', manifest.dependencies],
      ['What builds and tests it', manifest.devDependencies],
    ] as const) {
      const rows = rowsBelow(heading);
      expect(rows.map(([name]) => name)).to.deep.equal(Object.keys(direct).toSorted());
      for (const [name = '', licence, why = ''] of rows) {
        expect(licence, name).to.equal(lock.packages[`node_modules/${name}`]?.license);
        expect(why, name).to.match(/^\S.{4,}/);
      }
    }
  });

  it('run no install script that is not named and explained', () => {
    const scripted = [...new Set(installed.filter(([, { hasInstallScript }]) => hasInstallScript).map(([path]) => nameOf(path)))];
    expect(scripted).to.include('node');
    expect(Object.keys(manifest.allowScripts)).to.have.members(scripted);
    const rows = rowsBelow('Install scripts');
    const told = Object.fromEntries(rows.map(([name = '', runs]) => [name, runs === 'yes']));
    expect(told).to.deep.equal(manifest.allowScripts);
    for (const [name, runs = '', why = ''] of rows)
      expect([/^(yes|no)$/.test(runs), why.length > 4], name).to.deep.equal([true, true]);
    expect(read('Dockerfile')).to.match(/RUN npm ci .*--ignore-scripts/);
  });

  it('are pinned by the lockfile, by contents and wherever they come from', () => {
    expect(lock.packages['']).to.deep.include({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
    const loose = installed.filter(([, { integrity, resolved }]) => integrity === undefined || resolved !== undefined);
    expect(loose.map(([path]) => path)).to.deep.equal([]);
    // A range of npm's, not an address, a tag or whatever is newest.
    for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
      expect(range, name).to.match(/^\^?\d+\.\d+\.\d+(-[\w.]+)?$/);
    for (const path of ['Dockerfile', 'scripts/setup.mjs', '.ci/run'])
      expect(read(path), path).not.to.match(/npm (install|i|update) /);
  });
});
