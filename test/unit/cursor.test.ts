// Cursors lead on in the list they came from, and nowhere else.
import { expect } from 'chai';
import fc from 'fast-check';
import { openCursor, sealCursor } from '../../src/http/cursor.ts';

const FILTER = { state: 'TRIED', sku: null };
const KEY = ['1795334400000', '0193b0a4-7c1e-7d00-8000-000000000001'];

describe('a cursor', () => {
  it('opens to the key it was made of, in a text that needs no encoding in a URL', () => {
    fc.assert(
      fc.property(fc.nat(), fc.uuid(), (ms, id) => {
        const key = [String(ms), id];
        const sealed = sealCursor('transactions', FILTER, key);
        expect(sealed).to.match(/^[A-Za-z0-9_-]+$/);
        expect(openCursor('transactions', FILTER, sealed)).to.deep.equal({ ok: true, value: key });
      }),
    );
    expect(openCursor('stock-history', null, sealCursor('stock-history', null, [...KEY, 'a/b']))).to.deep.equal({
      ok: true,
      value: [...KEY, 'a/b'],
    });
  });

  it('is refused where its key cannot be one of the list, even with the right checksum', () => {
    for (const key of [[], ['1'], ['x', KEY[1] ?? ''], ['1', 'x'], [...KEY, 'x'], ['1e9', KEY[1] ?? ''], ['-1', KEY[1] ?? '']]) {
      expect(openCursor('transactions', FILTER, sealCursor('transactions', FILTER, key)).ok, key.join()).to.equal(false);
    }
    expect(openCursor('stock', null, sealCursor('stock', null, ['a\u0000'])).ok).to.equal(false);
  });

  it('is refused by another list and another filter', () => {
    const sealed = sealCursor('transactions', FILTER, KEY);
    expect(openCursor('stock', FILTER, sealed).ok).to.equal(false);
    expect(openCursor('transactions', { ...FILTER, sku: 'A' }, sealed).ok).to.equal(false);
  });

  it('is refused where a single character differs, and where it is made up', () => {
    const sealed = sealCursor('transactions', FILTER, KEY);
    for (let at = 0; at < sealed.length; at += 1) {
      const other = sealed[at] === 'A' ? 'B' : 'A';
      expect(openCursor('transactions', FILTER, sealed.slice(0, at) + other + sealed.slice(at + 1)).ok, `at ${at}`).to.equal(
        false,
      );
    }
    fc.assert(fc.property(fc.string(), (text) => !openCursor('transactions', FILTER, text).ok));
    fc.assert(fc.property(fc.base64String(), (text) => !openCursor('transactions', FILTER, text).ok));
  });
});
