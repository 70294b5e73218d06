// That the client stands alone: it is for browsers too, where nothing of this repository and nothing of Node is.
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';

const FOLDER = new URL('../../src/client/', import.meta.url);
const FROM = /^(import|export)\b(?<clause>[^'"`;]*)\bfrom '(?<source>[^']+)'/gm;

describe('the client', () => {
  it('imports nothing but its own files, and types of the catalogue', () => {
    const foreign = readdirSync(FOLDER).flatMap((name) => {
      const code = readFileSync(new URL(name, FOLDER), 'utf8');
      expect(code, name).to.not.match(/\b(process|Buffer|require|NodeJS)\b|await import\(|^import '/m);
      return [...code.matchAll(FROM)]
        .map(({ groups }) => `${groups?.clause?.trim().startsWith('type ') ? 'type ' : ''}${groups?.source}`)
        .filter((source) => !/^(type )?\.\//.test(source));
    });
    expect(foreign).to.deep.equal(['type ../errors.ts']);
  });
});
