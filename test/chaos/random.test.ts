// Owns the proof of chance with a seed: it repeats itself, its purposes do not disturb one another, and it is fair enough.
import { expect } from 'chai';
import { type Chance, chanceOf } from '../../chaos/random.ts';

const draws = (chance: Chance, number = 50): number[] => Array.from({ length: number }, () => chance.fraction());

describe('chance with a seed', () => {
  it('repeats itself for the same seed and purpose', () => {
    expect(draws(chanceOf(4, 'plan'))).to.deep.equal(draws(chanceOf(4, 'plan')));
  });

  it('draws the same today and ever after, so that a seed in a report stays good', () => {
    const chance = chanceOf(4);
    expect([chance.between(0, 999), chance.between(0, 999), chance.between(0, 999)]).to.deep.equal([934, 691, 531]);
    expect(chance.of('plan').uuid()).to.equal('fc1475dd-91a4-4904-abf2-bf26be002241');
  });

  it('differs by seed and by purpose, also where they are neighbours', () => {
    const all = Array.from({ length: 200 }, (_, seed) => [chanceOf(seed), chanceOf(seed).of('plan'), chanceOf(seed).of('load')]);
    const first = all.flat().map((chance) => draws(chance, 2).join());
    expect(new Set(first).size).to.equal(first.length);
  });

  it('gives a purpose the same, however much was drawn for others before', () => {
    const chance = chanceOf(7);
    const early = draws(chance.of('load'));
    draws(chance, 1_000);
    draws(chance.of('plan'), 1_000);
    expect(draws(chance.of('load'))).to.deep.equal(early);
  });

  it('draws fractions from 0 up to 1, spread evenly', () => {
    const tenths = new Array<number>(10).fill(0);
    for (const fraction of draws(chanceOf(1), 20_000)) {
      expect(fraction).to.be.at.least(0).and.below(1);
      tenths[Math.floor(fraction * 10)] = (tenths[Math.floor(fraction * 10)] ?? 0) + 1;
    }
    for (const number of tenths) expect(number).to.be.within(1_800, 2_200);
  });

  it('draws whole numbers with both ends', () => {
    const chance = chanceOf(2);
    const drawn = new Set(Array.from({ length: 300 }, () => chance.between(-2, 3)));
    expect([...drawn].toSorted((a, b) => a - b)).to.deep.equal([-2, -1, 0, 1, 2, 3]);
    expect(chance.between(5, 5)).to.equal(5);
  });

  it('lets happen what is certain, never what is impossible, and the rest as often as is likely', () => {
    const chance = chanceOf(3);
    const often = (probability: number): number =>
      Array.from({ length: 5_000 }, () => chance.happens(probability)).filter(Boolean).length;
    expect([often(0), often(1)]).to.deep.equal([0, 5_000]);
    expect(often(0.25)).to.be.within(1_100, 1_400);
  });

  it('picks every value sometime, and refuses to pick from nothing', () => {
    const chance = chanceOf(5);
    expect(new Set(Array.from({ length: 100 }, () => chance.pick(['a', 'b', 'c'])))).to.deep.equal(new Set(['a', 'b', 'c']));
    expect(() => chance.pick([])).to.throw(RangeError);
  });

  it('shuffles without losing any, into every order, and leaves what it was given as it was', () => {
    const chance = chanceOf(6);
    const given = ['a', 'b', 'c'] as const;
    const orders = new Set(Array.from({ length: 200 }, () => chance.shuffled(given).join('')));
    expect([...orders].toSorted()).to.deep.equal(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    expect(given.join('')).to.equal('abc');
    expect(chance.shuffled([])).to.deep.equal([]);
  });

  it('makes UUIDs of version 4 that differ', () => {
    const chance = chanceOf(8);
    const uuids = Array.from({ length: 2_000 }, () => chance.uuid());
    expect(new Set(uuids).size).to.equal(uuids.length);
    for (const uuid of uuids) expect(uuid).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
