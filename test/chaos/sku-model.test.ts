// Owns the proof of the sequential model per SKU: which histories of the counters it believes, and which it does not.
import { expect } from 'chai';
import { checkSkuModel } from '../../chaos/checks/sku-model.ts';
import { addStep, noSteps, SkuTimeline } from '../../chaos/checks/sku-timeline.ts';
import type { Evidence } from '../../chaos/evidence/evidence.ts';
import {
  bodyOtherwise,
  expectBroken,
  expectHeld,
  itFinds,
  moved,
  movementsOtherwise,
  rowOtherwise,
  stockOtherwise,
} from './answers-doctored.ts';
import { type Course, type Story, shop } from './answers-fixtures.ts';
import { randomStory } from './answers-random.ts';

describe('the model of a SKU', () => {
  it('holds of many callers at once, whatever chance has them do', () => {
    for (let seed = 101; seed <= 160; seed += 1) expectHeld(checkSkuModel, randomStory(seed, 40).evidence());
  });

  it('says what it has looked at', () => {
    const story = shop();
    story.try(1, [
      ['apple', 2],
      ['pear', 1],
    ]);
    story.confirm(1);
    story.getStock('apple');
    const { detail, examined } = checkSkuModel(story.evidence());
    expect(detail).to.equal('6 steps of 2 counters, seen 3 times');
    expect(examined).to.equal(9);
  });

  describe('takes for sound', () => {
    const sound: Readonly<Record<string, (story: Story) => void>> = {
      'a read beside a change, seen before it or after it': (story) => {
        story.getStock('apple', { endedAfterMs: 20 });
        story.try(1, [['apple', 2]], { sentBeforeMs: 5, endedAfterMs: 30 });
        story.getStock('apple', { sentBeforeMs: 10 });
      },
      'stock that was given back after the stamp of whoever then took it': (story) => {
        story.try(1, [['pear', 1]]);
        story.after(20).cancel(1, WIDE);
        story.try(2, [['pear', 1]], { ...WIDE, lagMs: 15 });
        story.confirm(2, WIDE);
      },
      'a change that nobody was told of, seen late': (story) => {
        const before = { ...story.rows.stock.get('apple default') };
        story.try(1, [['apple', 2]], { heard: 'lost' });
        const seen = story.after(8_000).getStock('apple');
        story.operations[story.operations.length - 1] = { ...seen, outcome: { ...seen.outcome, body: bodyOf(before) } as never };
      },
      'a refusal that is told again when there is enough': (story) => {
        story.try(1, [['pear', 2]]);
        story.move(903, ['pear', 5]);
        story.after(10_000).try(1, [['pear', 2]]);
      },
      'part of a basket sold, and some of it given back': (story) => {
        story.try(1, [
          ['apple', 4],
          ['pear', 1],
        ]);
        story.confirmPart(1, [['apple', 3]]);
        story.refund(1, 1, [['apple', 1]]);
        story.getStock('apple');
        story.getStock('pear');
      },
      'a count': (story) => {
        story.count(950, 'plum', 0);
        story.count(951, 'plum', 4);
        story.count(952, 'plum', 4);
        story.getStock('plum');
      },
    };
    for (const [name, tell] of Object.entries(sound)) {
      it(name, () => {
        const story = shop();
        tell(story);
        expectHeld(checkSkuModel, story.evidence());
      });
    }
  });

  describe('finds', () => {
    itFinds(checkSkuModel, {
      'stock that came back twice': [
        (story) => {
          story.try(1, [['apple', 2]]);
          story.try(2, [['apple', 2]]);
          story.cancel(1);
          return stockOtherwise(story.evidence(), 'apple', { available: 10, reserved: 0 });
        },
        /apple in default: 10 available in the end, where its changes come to 8/,
      ],
      'more changes than its versions': [
        (story) => stockOtherwise(story.evidence(), 'apple', { version: 1 }),
        /version 1 in the end, where its changes come to 2 to 2/,
      ],
      'more versions than its changes': [
        (story) => stockOtherwise(story.evidence(), 'apple', { version: 9 }),
        /version 9 in the end, where its changes come to 2 to 2/,
      ],
      'reservations of a stock that is not there': [
        (story) => ({ ...story.evidence(), stock: [] }),
        /1 changes of a stock that is not there/,
      ],
      'one that was sold twice, and made up for by the counters': [
        (story) => {
          story.try(1, [['pear', 1]]);
          story.try(2, [['pear', 1]]);
          const evidence = rowOtherwise(story.evidence(), 2, { state: 'TRIED', reason: null, decidedMs: null });
          return stockOtherwise(evidence, 'pear', { available: -1, reserved: 2, version: 4 });
        },
        /pear in default: at most -1 can have been available/,
      ],
      'a read that is stale': [
        (story) => {
          const before = story.getStock('apple');
          story.try(1, [['apple', 2]]);
          return moved(story.evidence(), before, 100);
        },
        /get-stock of apple, was told 200: 10 available, 0 reserved, 0 deducted, where 8 to 8 available/,
      ],
      'a read that is ahead of its time': [
        (story) => {
          story.try(1, [['apple', 2]]);
          const after = story.after(100).getStock('apple');
          return moved(story.evidence(), after, -115);
        },
        /get-stock of apple, was told 200: 8 available, 2 reserved, 0 deducted, where 10 to 10 available/,
      ],
      'half of a basket that is reserved, among changes that may be in or not': [
        (story) => {
          story.try(1, [['apple', 2]], WIDE);
          story.try(2, [['apple', 2]], WIDE);
          const read = story.getStock('apple', WIDE);
          return counterOtherwise(story.evidence(), read, { available: 9, reserved: 1 });
        },
        /9 available, 1 reserved, 0 deducted, where 6 to 10 available, 0 to 4 reserved/,
      ],
      'a read of what never was in all': [
        (story) => {
          const read = story.getStock('apple');
          return counterOtherwise(story.evidence(), read, { available: 11 });
        },
        /11 in all at version 2, where its movements add up to 10/,
      ],
      'a version with two meanings': [
        (story) => {
          story.getStock('apple', WIDE);
          story.try(1, [['apple', 2]], WIDE);
          const read = story.getStock('apple', WIDE);
          return counterOtherwise(story.evidence(), read, { version: 2 });
        },
        /8 available, 2 reserved, 0 deducted at version 2, which was 10 available/,
      ],
      'a version that is told after a later one': [
        (story) => {
          const first = story.getStock('apple', { endedAfterMs: 1 });
          story.try(1, [['apple', 2]], { sentBeforeMs: 100, endedAfterMs: 300 });
          story.after(30).getStock('apple');
          return moved(story.evidence(), first, 90);
        },
        /version 2, after 3 had been told/,
      ],
      'a version that could not be yet': [
        (story) => {
          const read = story.getStock('apple');
          story.after(50).try(1, [['apple', 2]]);
          story.cancel(1);
          return counterOtherwise(story.evidence(), read, { version: 4 });
        },
        /version 4, where 2 to 2 could be/,
      ],
      'a shortage where there was enough': [
        (story) => {
          const refused = story.try(1, [['apple', 11]], { idGiven: false });
          const shortages = [{ sku: 'apple', warehouse: 'default', requested: 11, available: 3 }];
          return bodyOtherwise(story.evidence(), refused, { shortages });
        },
        /409 insufficient-stock: 3 available, where 10 to 10 available could be/,
      ],
      'a kept refusal, by the counters at another time': [
        (story) => {
          const refused = story.try(1, [['pear', 2]]);
          story.after(50).move(903, ['pear', 5]);
          const told = story.after(50).try(1, [['pear', 2]]);
          const shortages = [{ sku: 'pear', warehouse: 'default', requested: 2, available: 6 }];
          return bodyOtherwise(bodyOtherwise(story.evidence(), refused, {}), told, { shortages });
        },
        /409 insufficient-stock \(replayed\): 6 available, where 1 to 1 available could be/,
      ],
      'a movement that left something else': [
        (story) => {
          story.try(1, [['apple', 2]]);
          story.after(20).move(903, ['apple', 5]);
          return movementsOtherwise(story.evidence(), ({ delta }) =>
            delta === 5 ? { availableAfter: 15, reservedAfter: 0 } : {},
          );
        },
        /movement .* in the ledger: 15 available, 0 reserved, 0 deducted, where 8 to 13 available, 2 to 2 reserved/,
      ],
      'a stock that is unknown to a reader after it was filled': [
        (story) => {
          const read = story.getStock('apple');
          const evidence = story.evidence();
          const unknown = { status: 404, code: 'unknown-sku', body: {} };
          const operations = evidence.operations.map((each) =>
            each.number === read.number ? { ...each, outcome: { ...each.outcome, ...unknown } as typeof each.outcome } : each,
          );
          return { ...evidence, operations };
        },
        /404 unknown-sku: 0 available, 0 reserved, 0 deducted, where 10 to 10 available/,
      ],
    });
  });

  it('gives a change that nobody was told of as long as PostgreSQL was in trouble, and 20 s more', () => {
    const story = shop();
    const before = story.getStock('apple');
    story.try(1, [['apple', 2]], { heard: 'lost' });
    const late = moved(story.evidence(), before, 30_000);
    const trouble = { type: 'fault', kind: 'postgres-restart', target: 'postgres', note: null } as const;
    const fault = { ...trouble, fromMs: story.nowMs + 10, toMs: story.nowMs + 15_000 };
    expectHeld(checkSkuModel, { ...late, faults: [fault] });
    expectBroken(checkSkuModel, late, /10 available, 0 reserved, 0 deducted, where 8 to 8 available/);
  });

  it('finds what is certain among as many steps as a hot SKU has', () => {
    const steps = noSteps();
    addStep(steps, 0, 1, { available: 400_000, reserved: 0, deducted: 0 });
    for (let step = 1; step <= 300_000; step += 1) addStep(steps, step, step + 20, { available: -1, reserved: 1, deducted: 0 });
    const timeline = new SkuTimeline(steps);
    expect(timeline.final()).to.deep.equal({ available: 100_000, reserved: 300_000, deducted: 0 });
    expect(timeline.boundsOf('available', 150_000, 150_000)).to.deep.equal({ least: 249_995, most: 250_026 });
    expect(timeline.canBe({ available: 250_010 }, 150_000, 150_000)).to.equal(true);
    expect(timeline.canBe({ available: 250_027 }, 150_000, 150_000)).to.equal(false);
    expect([...timeline.overdrawn('available')]).to.deep.equal([]);
  });
});

/** A request that took its time. */
const WIDE: Course = { sentBeforeMs: 20, endedAfterMs: 20 };

function bodyOf(row: object): unknown {
  return { sku: 'apple', warehouses: [{ ...row, warehouse: 'default' }] };
}

function counterOtherwise(evidence: Evidence, read: Parameters<typeof bodyOtherwise>[1], changed: object): Evidence {
  const { body } = read.outcome as { body: { warehouses: readonly object[] } };
  return bodyOtherwise(evidence, read, { warehouses: body.warehouses.map((row) => ({ ...row, ...changed })) });
}
