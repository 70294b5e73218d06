// What a basket looks like once normalised, and the tag of a SKU.
import { expect } from 'chai';
import fc from 'fast-check';
import { compareItems, MAX_QUANTITY, mergeItems } from '../../src/coordinator/basket.ts';
import { etagOf } from '../../src/coordinator/etag.ts';

const name = fc.string({ unit: fc.constantFrom('a', 'B', '-', '.', '_', '/', '0', ':'), minLength: 1, maxLength: 3 });
const line = fc.record({ sku: name, warehouse: name, quantity: fc.integer({ min: 1, max: 1_000_000 }) });

describe('a basket', () => {
  it('is merged and sorted: one line per SKU and warehouse, nothing lost', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 50 }), (lines) => {
        const merged = mergeItems(lines);
        if (!merged.ok) throw new Error('cannot be too much');
        const { items } = merged;
        for (const [index, item] of items.entries()) {
          const before = items[index - 1];
          if (before !== undefined) expect(compareItems(before, item)).to.equal(-1);
          const asked = lines.filter((one) => one.sku === item.sku && one.warehouse === item.warehouse);
          expect(item.quantity).to.equal(asked.reduce((sum, one) => sum + one.quantity, 0));
        }
        expect(items.length).to.equal(new Set(lines.map((one) => `${one.sku} ${one.warehouse}`)).size);
      }),
    );
  });

  it('does not depend on the order of its lines, and leaves them as they are', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const copy = structuredClone(lines);
        expect(mergeItems(lines.toReversed())).to.deep.equal(mergeItems(lines));
        expect(lines).to.deep.equal(copy);
      }),
    );
  });

  it('sorts by code unit, as the database does with COLLATE "C"', () => {
    const skus = ['a', 'B', '_', '0', '-', ':'];
    const merged = mergeItems(skus.map((sku) => ({ sku, warehouse: 'w', quantity: 1 })));
    expect(merged.ok && merged.items.map((item) => item.sku)).to.deep.equal(['-', '0', ':', 'B', '_', 'a']);
  });

  it('takes a sum at the bound and refuses one beyond, naming the item', () => {
    const half = { sku: 'A', warehouse: 'w', quantity: MAX_QUANTITY / 2 };
    expect(mergeItems([half, half]).ok).to.equal(true);
    const beyond = mergeItems([half, { ...half, quantity: 1 }, half]);
    expect(beyond).to.deep.equal({ ok: false, tooMany: { sku: 'A', warehouse: 'w' } });
  });
});

describe('the tag of a SKU', () => {
  it('changes with every change and every new warehouse, whatever the order of rows', () => {
    const rows = [{ version: 3 }, { version: 4 }];
    expect(etagOf(rows)).to.equal('"2-7"');
    expect(etagOf(rows.toReversed())).to.equal(etagOf(rows));
    expect(etagOf([{ version: 4 }, { version: 4 }])).not.to.equal(etagOf(rows));
    expect(etagOf([{ version: 3 }, { version: 3 }, { version: 1 }])).not.to.equal(etagOf(rows));
  });
});
