// Holds SECURITY.md to the tests that it names: each is there.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Paths in its last column; a name alone stands in the folder of the one before it. */
function testsNamedIn(text: string): string[] {
  const cells = text.split('\n').flatMap((line) => (line.startsWith('| ') ? [line.split('|').at(-2) ?? ''] : []));
  return cells.flatMap((cell) => {
    let folder = '';
    return [...cell.matchAll(/[\w./-]+\.test\.ts/g)].map(([name]) => {
      if (name.includes('/')) folder = name.slice(0, name.lastIndexOf('/') + 1);
      return name.includes('/') ? name : folder + name;
    });
  });
}

describe('SECURITY.md', () => {
  it('names tests that are there', () => {
    const named = testsNamedIn(readFileSync(`${ROOT}SECURITY.md`, 'utf8'));
    expect(named).to.have.length.above(20);
    expect(named.filter((path) => !existsSync(ROOT + path))).to.deep.equal([]);
  });

  it('has a row for each letter of STRIDE', () => {
    const text = readFileSync(`${ROOT}SECURITY.md`, 'utf8');
    for (const word of ['**S**poofing', '**T**ampering', '**R**epudiation', '**I**nformation', '**D**enial', '**E**levation'])
      expect(text).to.include(`| ${word}`);
  });
});
