// What counts as the same content (rule 2 of the contract, I7), and the ids that keys stand for.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  canonicalJson,
  hashOfMovement,
  hashOfRefund,
  hashOfTry,
  idFromKey,
  isUuid,
  type TryContent,
} from '../../src/coordinator/content.ts';
import { newId } from '../../src/coordinator/identifiers.ts';

const ITEMS = [{ sku: 'SKU-1', warehouse: 'default', quantity: 2 }];
const TRY: TryContent = { items: ITEMS, timeoutMs: 900_000, reference: null, metadata: null };

/** The same value with the keys of every object the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)]));
}

describe('content', () => {
  it('has one canonical text, whatever the order of keys, which reads back as the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(reversed(value))).to.equal(text);
        expect(canonicalJson(JSON.parse(text))).to.equal(text);
        expect(JSON.parse(text)).to.deep.equal(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('treats __proto__ as a key like any other', () => {
    const left = canonicalJson(JSON.parse('{"__proto__":{"a":1},"b":2}'));
    expect(left).to.equal('{"__proto__":{"a":1},"b":2}');
    expect(left).not.to.equal(canonicalJson({ b: 2 }));
  });

  it('is hashed whole: any difference makes another hash', () => {
    const others: TryContent[] = [
      TRY,
      { ...TRY, timeoutMs: 900_001 },
      { ...TRY, reference: '' },
      { ...TRY, reference: 'null' },
      { ...TRY, metadata: {} },
      { ...TRY, metadata: { a: 1 } },
      { ...TRY, metadata: { a: '1' } },
      { ...TRY, metadata: { a: [1, 2] } },
      { ...TRY, metadata: { a: [2, 1] } },
      { ...TRY, items: [] },
      { ...TRY, branches: [{ participant: 'a' }] },
      { ...TRY, branches: [{ participant: 'a' }, { participant: 'a' }] },
      { ...TRY, branches: [{ participant: 'a' }, { participant: 'b' }] },
      { ...TRY, branches: [{ participant: 'b' }, { participant: 'a' }] },
      { ...TRY, branches: [{ participant: 'a', payload: {} }] },
      { ...TRY, branches: [{ participant: 'a', payload: 'null' }] },
      { ...TRY, items: [{ sku: 'SKU-1', warehouse: 'default', quantity: 3 }] },
      { ...TRY, items: [{ sku: 'SKU-1', warehouse: 'w', quantity: 2 }] },
    ];
    expect(new Set(others.map(hashOfTry)).size).to.equal(others.length);
    expect(hashOfTry(TRY)).to.match(/^[0-9a-f]{64}$/);
  });

  it('has the same hash for ever: an id sent before an upgrade must be known after it (I7)', () => {
    const pinned = 'a6e0b263960fd8f14e28fae5c5752e1eb441767114423fdf72c500c85b7414e4';
    expect(hashOfTry(TRY)).to.equal(pinned);
    expect(hashOfTry({ ...TRY, branches: [] })).to.equal(pinned);
    const branches = [{ participant: 'payment', payload: { b: [1, null], a: 'x' } }, { participant: 'points' }];
    expect(hashOfTry({ ...TRY, branches })).to.equal('5b4d071199357361b6649e76591a81b7f1622080972beecef12db843acda52d5');
  });

  it('takes a payload of null and none for the same, and its keys in any order', () => {
    const hashOf = (payload: unknown) => hashOfTry({ ...TRY, branches: [{ participant: 'a', payload }] });
    expect(hashOf(null)).to.equal(hashOfTry({ ...TRY, branches: [{ participant: 'a' }] }));
    expect(hashOf({ a: { c: 1, b: 2 } })).to.equal(hashOf({ a: { b: 2, c: 1 } }));
  });

  it('keeps the same content of different calls apart', () => {
    const movement = { sku: 'SKU-1', warehouse: 'default', movementKind: 'RECEIVE', quantity: 2, reason: null } as const;
    expect(hashOfMovement(movement)).not.to.equal(hashOfMovement({ ...movement, movementKind: 'ADJUST' }));
    expect(hashOfMovement(movement)).not.to.equal(hashOfMovement({ ...movement, reason: '' }));
    const refunds = [
      hashOfRefund({ items: null, reason: null }),
      hashOfRefund({ items: [], reason: null }),
      hashOfRefund({ items: ITEMS, reason: null }),
    ];
    expect(new Set(refunds).size).to.equal(3);
  });

  it('never lets one text pass for another: hashes are equal only where the contents are', () => {
    const text = fc.string({ unit: fc.constantFrom('"', ',', ']', '\\', 'a', ':'), maxLength: 4 });
    const content = fc.record({
      items: fc.array(fc.record({ sku: text, warehouse: text, quantity: fc.integer({ min: 1, max: 3 }) }), { maxLength: 3 }),
      timeoutMs: fc.constantFrom(100, 1000),
      reference: fc.option(text),
      metadata: fc.option(fc.dictionary(text, text, { maxKeys: 2 })),
    });
    fc.assert(
      fc.property(content, content, (left, right) => {
        expect(hashOfTry(left) === hashOfTry(right)).to.equal(canonicalJson(left) === canonicalJson(right));
      }),
    );
  });
});

describe('the id a key stands for', () => {
  it('is the key itself, in lower case, where that is a UUID of any version', () => {
    fc.assert(fc.property(fc.uuid(), (uuid) => idFromKey(uuid.toUpperCase()) === uuid));
    expect(idFromKey('ffffffff-ffff-ffff-ffff-ffffffffffff')).to.equal('ffffffff-ffff-ffff-ffff-ffffffffffff');
  });

  it('is a UUID of version 8 otherwise, the same for the same text and another for another', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 255 }), fc.string({ minLength: 1, maxLength: 255 }), (left, right) => {
        expect(idFromKey(left)).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(idFromKey(left) === idFromKey(right)).to.equal(left === right);
      }),
    );
    // Pinned: a key sent before an upgrade must stand for the same id after it (I7).
    expect(idFromKey('order-1001')).to.equal('35d388fc-f1db-8b04-b276-8ab9e5b54a25');
  });
});

describe('ids the server makes', () => {
  it('are UUIDs of version 7, different, in order, and of the present time', () => {
    const before = Date.now();
    const ids = Array.from({ length: 20_000 }, newId);
    for (const id of ids) expect(id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(new Set(ids).size).to.equal(ids.length);
    expect(ids.toSorted()).to.deep.equal(ids);
    const madeAt = Number.parseInt((ids[0] ?? '').replaceAll('-', '').slice(0, 12), 16);
    expect(madeAt).to.be.within(before - 1, Date.now() + 1_000);
    expect(ids.every(isUuid)).to.equal(true);
  });
});
