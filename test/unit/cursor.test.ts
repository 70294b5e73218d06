// Cursors lead on in the list they came from, and nowhere else.
import { expect } from 'chai';
import fc from 'fast-check';
import { openCursor, sealCursor } from '../../src/http/cursor.ts';

const FILTER = { state: 'TRIED', sku: null };
const KEY = ['1795334400000', '0193b0a4-7c1e-7d00-8000-000000000001'];

describe('a cursor', () => {
  it('opens to the key it was made of, in a text that needs no encoding in a URL', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 }), (key) => {
        const sealed = sealCursor('transactions', FILTER, key);
        expect(sealed).to.match(/^[A-Za-z0-9_-]+$/);
        expect(openCursor('transactions', FILTER, sealed)).to.deep.equal({ ok: true, value: key });
      }),
    );
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
