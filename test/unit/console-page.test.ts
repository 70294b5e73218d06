// Owns the check of how the console's page is made: it takes in nothing from outside its folder, has no way from data to markup, and
// asks for all of its files at once.
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const FOLDER = new URL('../../src/console/page/', import.meta.url);
const names = readdirSync(FOLDER);
const textOf = (name: string): string => readFileSync(new URL(name, FOLDER), 'utf8');
const scripts = names.filter((name) => name.endsWith('.js'));
const sheets = names.filter((name) => name.endsWith('.css'));
const index = textOf('index.html');

/** What would make markup or code of data, or style in a way that the policy forbids. */
const FORBIDDEN = [
  /\b(?:inner|outer)HTML\b/,
  /\binsertAdjacentHTML\b/,
  /\bdocument\.write/,
  /\bDOMParser\b/,
  /\bcreateContextualFragment\b/,
  /\bsetHTML/,
  /\beval\(/,
  /\bnew Function\b/,
  /\bsrcdoc\b/,
  /[{,]\s*style:/,
];

describe('the console’s page, as it is written', () => {
  it('has no way from data to markup or code', () => {
    const found = scripts.flatMap((name) =>
      FORBIDDEN.filter((pattern) => pattern.test(textOf(name))).map((pattern) => `${name}: ${pattern}`),
    );
    expect(found).to.deep.equal([]);
  });

  it('has no script and no style within its markup', () => {
    expect(index).not.to.match(/<style|\sstyle=|\son[a-z]+=|javascript:/i);
    expect([...index.matchAll(/<script\b[^>]*>([^<]*)/g)].map(([, inner]) => inner)).to.deep.equal(['']);
  });

  it('imports from its own folder alone, and without a circle', () => {
    const importsOf = new Map(
      scripts.map((name) => [name, [...textOf(name).matchAll(/^import .*?from '([^']+)';$/gms)].map(([, from]) => from ?? '')]),
    );
    const strays = [...importsOf].flatMap(([name, all]) =>
      all.filter((from) => !/^\.\/[a-z-]+\.js$/.test(from)).map((from) => `${name}: ${from}`),
    );
    expect(strays).to.deep.equal([]);
    const visit = (name: string, trail: readonly string[]): void => {
      expect(trail, 'a circle').not.to.include(name);
      for (const next of importsOf.get(name) ?? []) visit(next.slice(2), [...trail, name]);
    };
    for (const name of scripts) visit(name, []);
  });

  it('names nothing outside: no other host, no file that is not there', () => {
    for (const name of [...scripts, ...sheets, 'index.html']) {
      const outside = textOf(name).match(/(?:https?:)?\/\/(?!www\.w3\.org\/)[a-z0-9-]+\.[a-z]+/i);
      expect(outside, name).to.equal(null);
      expect(textOf(name), name).not.to.match(/@import\s+["u]|url\(\s*['"]?(?!data:)[^)]/);
    }
    const linked = [...index.matchAll(/"\/console\/assets\/([^"]+)"/g)].map(([, file]) => file ?? '');
    expect(linked.toSorted(), 'all at once, so that none is found only by another').to.deep.equal(
      [...scripts, ...sheets].toSorted(),
    );
  });
});
