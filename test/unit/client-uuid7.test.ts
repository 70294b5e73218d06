// The client's ids: UUIDs of version 7 as RFC 9562 has them, each greater than the one before.
import { expect } from 'chai';
import { uuid7, uuid7Maker } from '../../src/client/uuid7.ts';

const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const msOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);

describe('uuid7', () => {
  it('makes what the RFC shows (appendix A.6)', () => {
    const random = [0, 0, 0, 0, 0, 0, 0x04, 0xc3, 0x98, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f];
    const make = uuid7Maker(
      () => 0x017f22e279b0,
      (bytes) => bytes.set(random),
    );
    expect(make()).to.equal('017f22e2-79b0-74c3-98c4-dc0c0c07398f');
  });

  it('sets version and variant whatever the random bytes are', () => {
    for (const byte of [0x00, 0xff]) {
      const make = uuid7Maker(
        () => 2 ** 48 - 1,
        (bytes) => bytes.fill(byte),
      );
      expect(make())
        .to.match(UUID7)
        .and.match(/^ffffffff-ffff-7/);
    }
  });

  it('grows within a millisecond, past its counter, and while the clock goes back', () => {
    let nowMs = 1_000_000;
    const make = uuid7Maker(
      () => nowMs,
      (bytes) => bytes.fill(0xff),
    );
    const ids = Array.from({ length: 5_000 }, make);
    nowMs -= 60_000;
    ids.push(make(), make());
    nowMs += 120_000;
    const late = make();
    expect([...ids, late]).to.deep.equal([...ids, late].toSorted());
    expect(new Set(ids).size).to.equal(5_002);
    expect(msOf(late)).to.equal(1_060_000);
  });

  it('names this very moment', () => {
    const before = Date.now();
    const ids = Array.from({ length: 1_000 }, uuid7);
    // Should more than the counter holds be made in one millisecond, the clock is anticipated by a few.
    for (const id of ids) expect(msOf(id), id).to.be.within(before, Date.now() + 2);
    expect(ids.every((id) => UUID7.test(id))).to.equal(true);
    expect(new Set(ids).size).to.equal(1_000);
  });
});
