// Owns the proof of the plan: the seed alone decides it, it fills the time, and its faults come in turn without undoing one another.
import { expect } from 'chai';
import type { FaultKind } from '../../chaos/faults/fault.ts';
import { FAULT_KINDS, type PlannedPeriod, type PlanOptions, planOf } from '../../chaos/faults/plan.ts';
import { chanceOf } from '../../chaos/random.ts';

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);
const ALL: PlanOptions = { durationMs: 60_000, kinds: FAULT_KINDS, instances: 3, participants: ['payment', 'coupon', 'points'] };

const draw = (seed: number, differs: Partial<PlanOptions> = {}): PlannedPeriod[] =>
  planOf(chanceOf(seed).of('plan'), { ...ALL, ...differs });

/** Without what strikes, which is a function. */
const told = (plan: readonly PlannedPeriod[]) =>
  plan.map(({ fromMs, toMs, faults }) => ({
    fromMs,
    toMs,
    faults: faults.map((fault) => [fault.kind, fault.fromMs, fault.toMs, fault.drawn.target, fault.drawn.note]),
  }));

const kindsOf = (plan: readonly PlannedPeriod[]): string[] => plan.flatMap(({ faults }) => faults.map(({ kind }) => kind));

const named = (...names: readonly string[]): FaultKind[] => FAULT_KINDS.filter(({ name }) => names.includes(name));

describe('the kinds of faults', () => {
  it('have names that differ, and last for some time', () => {
    const names = FAULT_KINDS.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const { lastsMs } of FAULT_KINDS) expect(lastsMs[0]).to.be.above(0).and.at.most(lastsMs[1]);
  });

  it('befall each a part of the cluster there is, and find every coordinator, participant and link sometime', () => {
    const chance = chanceOf(1);
    const targets = new Set(FAULT_KINDS.flatMap((kind) => Array.from({ length: 400 }, () => kind.draw(chance, ALL).target)));
    const links = ['postgres', 'redis', ...ALL.participants].map((name) => `→ ${name}`).concat('↔ everybody');
    const ofEach = [0, 1, 2].flatMap((index) => [
      `coordinator-${index}`,
      `clients → coordinator-${index}`,
      ...links.map((link) => `coordinator-${index} ${link}`),
    ]);
    expect([...targets]).to.have.members([...ofEach, ...ALL.participants, 'postgres', 'redis', 'clients → every coordinator']);
  });
});

describe('the plan of a run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(told(draw(4))).to.deep.equal(told(draw(4)));
    expect(new Set(SEEDS.map((seed) => JSON.stringify(told(draw(seed))))).size).to.equal(SEEDS.length);
  });

  it('fills its time from end to end, whatever its length', () => {
    for (const durationMs of [5_000, 60_000, 601_234]) {
      for (const seed of SEEDS) {
        let endMs = 0;
        for (const { fromMs, toMs } of draw(seed, { durationMs })) {
          expect(fromMs).to.equal(endMs);
          expect(toMs).to.be.above(fromMs);
          endMs = toMs;
        }
        expect(endMs).to.be.closeTo(durationMs, 1e-6);
      }
    }
  });

  it('leaves about a quarter of the time quiet', () => {
    for (const seed of SEEDS) {
      const quiet = draw(seed).filter(({ faults }) => faults.length === 0);
      const quietMs = quiet.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
      expect(quietMs / ALL.durationMs, `seed ${seed}`).to.be.within(0.2, 0.32);
    }
  });

  it('spreads what is quiet over a long run', () => {
    const longestFaultMs = Math.max(...FAULT_KINDS.map(({ lastsMs }) => lastsMs[1]));
    for (const seed of SEEDS) {
      for (const { faults, fromMs, toMs } of draw(seed, { durationMs: 1_800_000 })) {
        if (faults.length === 0) expect(toMs - fromMs, `seed ${seed}`).to.be.at.most(longestFaultMs);
      }
    }
  });

  it('begins and ends every fault within its period, and lets it last no longer than its kind does', () => {
    for (const seed of SEEDS) {
      for (const period of draw(seed)) {
        for (const { kind, fromMs, toMs } of period.faults) {
          expect(fromMs).to.be.at.least(period.fromMs);
          expect(toMs).to.be.within(fromMs, period.toMs);
          const [{ lastsMs }] = named(kind) as [FaultKind];
          expect(toMs - fromMs).to.be.at.most(lastsMs[1]);
        }
      }
    }
  });

  it('cuts a fault short only where the run ends', () => {
    for (const seed of SEEDS) {
      for (const { faults } of draw(seed).slice(0, -1)) {
        for (const { kind, fromMs, toMs } of faults) {
          const [{ lastsMs }] = named(kind) as [FaultKind];
          expect(toMs - fromMs).to.be.at.least(lastsMs[0] - 1e-6);
        }
      }
    }
  });

  it('never has two faults trouble the same part at the same time', () => {
    for (const seed of SEEDS) {
      for (const { faults } of draw(seed)) {
        const lasting = faults.flatMap(({ drawn, fromMs, toMs }) => drawn.parts.map((part) => ({ part, fromMs, toMs })));
        for (const stretches of Map.groupBy(lasting, ({ part }) => part).values()) {
          const inOrder = stretches.toSorted((one, other) => one.fromMs - other.fromMs);
          for (const [index, { fromMs }] of inOrder.entries()) {
            expect(fromMs, `seed ${seed}`).to.be.at.least(inOrder[index - 1]?.toMs ?? 0);
          }
        }
      }
    }
  });

  it('has beside a coordinator or Redis that is away nothing that would excuse the others', () => {
    const harmless = /^(?:coordinator-(?:away|clock)|redis-|participant-)/;
    for (const seed of SEEDS) {
      for (const { faults } of draw(seed)) {
        const kinds = faults.map(({ kind }) => kind);
        if (!kinds.some((kind) => kind.endsWith('-away'))) continue;
        expect(
          kinds.filter((kind) => !harmless.test(kind)),
          `seed ${seed}`,
        ).to.deep.equal([]);
        const participants = faults.filter(({ kind }) => kind.startsWith('participant-')).map(({ drawn }) => drawn.target);
        expect(new Set(participants).size, `seed ${seed}`).to.be.at.most(1);
      }
    }
  });

  it('gives every kind its turn within a minute, and none a second turn more than another has', () => {
    for (const seed of SEEDS) {
      const struck = kindsOf(draw(seed));
      const times = FAULT_KINDS.map(({ name }) => struck.filter((kind) => kind === name).length);
      expect(Math.min(...times), `seed ${seed}`).to.be.at.least(1);
      expect(Math.max(...times) - Math.min(...times), `seed ${seed}`).to.be.at.most(1);
    }
  });

  it('mixes faults, and lets some strike alone where there is time', () => {
    // Where one is away for long, others may follow each other beside it.
    const isShort = ({ faults }: PlannedPeriod): boolean => !faults.some(({ kind }) => kind.endsWith('-away'));
    const periods = SEEDS.flatMap((seed) => draw(seed, { durationMs: 1_800_000 }).filter(isShort));
    expect([...new Set(periods.map(({ faults }) => faults.length))].toSorted()).to.deep.equal([0, 1, 2, 3]);
  });

  it('uses only the kinds it is given, one alone too', () => {
    for (const seed of SEEDS) {
      const plan = draw(seed, { kinds: named('coordinator-clock', 'flood') });
      expect(new Set(kindsOf(plan))).to.deep.equal(new Set(['coordinator-clock', 'flood']));
      expect(new Set(kindsOf(draw(seed, { kinds: named('flood') })))).to.deep.equal(new Set(['flood']));
    }
  });

  it('puts off what would trouble a part that is in trouble already', () => {
    // With one coordinator its kill and its pause are of one part: they take turns.
    for (const seed of SEEDS) {
      const plan = draw(seed, { kinds: named('coordinator-kill', 'coordinator-pause'), instances: 1 });
      for (const { faults } of plan) expect(faults.length).to.be.at.most(1);
      expect(new Set(kindsOf(plan)).size).to.equal(2);
    }
  });

  it('cannot be drawn from nothing', () => {
    expect(() => draw(1, { kinds: [] })).to.throw('needs kinds');
  });
});
