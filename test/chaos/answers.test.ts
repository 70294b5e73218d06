// Owns the proof of the checks of answers: what they must find, and what they must not take for a fault.
import { expect } from 'chai';
import { checkAcknowledged, checkOneOutcome } from '../../chaos/checks/answers.ts';
import type { Evidence } from '../../chaos/evidence/evidence.ts';
import { expectHeld, itemOtherwise, itFinds, movementsOtherwise, rowOtherwise, stockOtherwise } from './answers-doctored.ts';
import { BEGIN_MS, type Story, shop } from './answers-fixtures.ts';
import { randomStory } from './answers-random.ts';

describe('what callers were told (I6, I7)', () => {
  it('holds of many callers at once, whatever chance has them do', () => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const evidence = randomStory(seed, 40).evidence();
      expectHeld(checkAcknowledged, evidence);
      expectHeld(checkOneOutcome, evidence);
    }
  });

  it('counts what requests without an answer came to', () => {
    const story = shop();
    story.try(1, [['apple', 1]], { heard: 'lost' });
    story.try(2, [['apple', 1]], { heard: 'dropped' });
    story.try(3, [['apple', 1]]);
    story.confirm(3, { heard: 'lost' });
    story.confirm(3, { heard: 'dropped' });
    story.move(903, ['apple', 5], { heard: 'lost' });
    story.move(904, ['apple', 5], { heard: 'dropped' });
    story.try(5, [['pear', 1]], { heard: 'lost', idGiven: false });
    story.getStock('apple', { heard: 'lost' });
    expect(checkOneOutcome(story.evidence()).detail).to.equal('3 answers; 7 unknown: 4 took effect, 3 did not');
  });

  describe('takes for sound', () => {
    const sound: Readonly<Record<string, (story: Story) => void>> = {
      'a Try that is unknown, and told as replayed when it is sent again': (story) => {
        story.try(1, [['apple', 1]], { heard: 'lost' });
        story.after(500).try(1, [['apple', 1]]);
      },
      'a first Try that is told as replayed, because its commit was lost and found again': (story) => {
        const first = story.try(1, [['apple', 1]]);
        story.operations[story.operations.length - 1] = {
          ...first,
          outcome: { ...first.outcome, status: 200, replayed: true } as typeof first.outcome,
        };
      },
      'a refusal that is kept and told again much later': (story) => {
        story.try(1, [['pear', 2]]);
        story.move(903, ['pear', 5]);
        story.after(60_000).try(1, [['pear', 2]]);
      },
      'a confirm that is accepted, and carried out later': (story) => {
        story.try(1, [['apple', 1]], { branches: ['payment'] });
        story.participantsSay(1, 'done');
        story.confirm(1);
        story.participantsSay(1, 'done');
        story.confirm(1);
      },
      'the least of answers to a flood': (story) => {
        story.try(1, [['apple', 1]], { isFlood: true });
        story.confirm(1, { isFlood: true });
        story.try(2, [['apple', 1]], { isFlood: true, idGiven: false });
      },
      'two callers in the same millisecond': (story) => {
        story.try(1, [['apple', 1]]);
        story.nowMs -= 1;
        story.confirm(1, { sentBeforeMs: 3 });
        story.nowMs -= 1;
        story.cancel(1);
      },
      'a Try that comes after its cancel, and is refused each time': (story) => {
        story.cancel(1);
        story.try(1, [['apple', 1]]);
        story.try(1, [['apple', 2]]);
      },
      'a deadline that is told before it is carried out': (story) => {
        story.try(1, [['apple', 1]], { timeoutMs: 100 });
        story.after(150).confirm(1);
        story.try(1, [['apple', 1]], { timeoutMs: 100 });
        story.get(1);
        story.expire(1);
        story.confirm(1);
      },
      'a deadline that was put off, and came': (story) => {
        story.try(1, [['apple', 1]], { timeoutMs: 100 });
        story.extend(1, 1_000);
        story.after(500).get(1);
        story.after(1_000).cancel(1);
      },
      // Seed 103, 30 minutes: both shared a batch, and so the clock.
      'two extensions in one millisecond, of which the first was not answered': (story) => {
        story.try(1, [['apple', 1]]);
        story.extend(1, 853, { heard: 'lost' });
        story.after(-1).extend(1, 1_965);
        story.confirm(1);
      },
      'a partial confirm, and refunds until nothing is left': (story) => {
        story.try(1, [
          ['apple', 4],
          ['pear', 1],
        ]);
        story.confirmPart(1, [['apple', 3]]);
        story.confirm(1);
        story.refund(1, 1, [['apple', 1]]);
        story.refund(1, 1, [['apple', 1]]);
        story.refund(1, 1, [['apple', 2]]);
        story.refund(1, 2, [['apple', 9]]);
        story.refund(1, 2, [['apple', 9]]);
        story.refund(1, null);
        story.refund(1, null);
      },
      'other content under the id of a movement': (story) => {
        story.move(903, ['apple', -20]);
        story.move(904, ['apple', 3]);
        story.move(904, ['apple', 4]);
      },
      'a reservation without an owner, left by a Try whose first attempt came through unseen': (story) => {
        const unseen = story.try(1, [['pear', 1]], { idGiven: false });
        const refused = story.try(2, [['pear', 1]], { idGiven: false });
        story.operations.splice(-2, 2, { ...unseen, outcome: refused.outcome });
        story.after(20_000).expire(1);
      },
    };
    for (const [name, tell] of Object.entries(sound)) {
      it(name, () => {
        const story = shop();
        tell(story);
        expectHeld(checkAcknowledged, story.evidence());
        expectHeld(checkOneOutcome, story.evidence());
      });
    }
  });
});

describe('what did not survive (I6) is found', () => {
  itFinds(checkAcknowledged, {
    'a transaction that is gone': [(story) => rowOtherwise(tried(story), 1, null), /no such transaction/],
    'a transaction of the flood that is gone': [
      (story) => {
        story.try(1, [['apple', 2]], { isFlood: true });
        return rowOtherwise(story.evidence(), 1, null);
      },
      /no such transaction/,
    ],
    'a transaction with other items': [(story) => itemOtherwise(tried(story), 1, { quantity: 1 }), /holds other items/],
    'a Try that is stored as refused': [
      (story) => rowOtherwise(tried(story), 1, { state: 'CANCELLED', reason: 'insufficient-stock', decidedMs: BEGIN_MS }),
      /ended as CANCELLED \(insufficient-stock\)/,
    ],
    'a confirm that ended as cancelled': [
      (story) => rowOtherwise(confirmed(story), 1, { state: 'CANCELLED', reason: 'expired' }),
      /confirm of .* ended as CANCELLED \(expired\)/,
    ],
    'a confirm that is still open': [
      (story) => rowOtherwise(confirmed(story), 1, { state: 'TRIED', decidedMs: null }),
      /confirm of .* ended as TRIED/,
    ],
    'a partial confirm that sold something else': [
      (story) => {
        story.try(1, [['apple', 3]]);
        story.confirmPart(1, [['apple', 2]]);
        return itemOtherwise(story.evidence(), 1, { deducted: 3 });
      },
      /confirm-part of .* sold other items/,
    ],
    'a cancel that ended as confirmed': [
      (story) => {
        story.try(1, [['apple', 2]]);
        story.cancel(1);
        return rowOtherwise(story.evidence(), 1, { state: 'CONFIRMED', reason: null });
      },
      /cancel of .* ended as CONFIRMED/,
    ],
    'a deadline that was not put off': [
      (story) => {
        story.try(1, [['apple', 2]]);
        story.extend(1, 60_000);
        return rowOtherwise(story.evidence(), 1, { events: [] });
      },
      /extend of .* was not extended/,
    ],
    'a refund that is not kept': [
      (story) => rowOtherwise(refunded(story), 1, { refunds: [] }),
      /refund of .* its refund is not kept/,
    ],
    'a refund that did not come back': [
      (story) => itemOtherwise(refunded(story), 1, { refunded: 0 }),
      /refund of .* less came back/,
    ],
    'a refusal that is forgotten': [
      (story) => {
        story.try(1, [['pear', 2]]);
        return rowOtherwise(story.evidence(), 1, null);
      },
      /409 insufficient-stock, and there is no such transaction/,
    ],
    'a refusal that was held after all': [
      (story) => {
        story.try(1, [['pear', 2]]);
        return rowOtherwise(story.evidence(), 1, { state: 'CONFIRMED', reason: null });
      },
      /409 insufficient-stock, and it is CONFIRMED/,
    ],
    'an expiry that was confirmed after all': [
      (story) => {
        story.try(1, [['apple', 2]], { timeoutMs: 100 });
        story.after(200).confirm(1);
        return rowOtherwise(story.evidence(), 1, { state: 'CONFIRMED', decidedMs: BEGIN_MS + 300 });
      },
      /410 reservation-expired, and it is CONFIRMED/,
    ],
    'a movement that is gone': [
      (story) => movementsOtherwise(story.evidence(), ({ sku }) => (sku === 'pear' ? null : {})),
      /no such movement/,
    ],
    'a movement of another size': [
      (story) => movementsOtherwise(story.evidence(), ({ sku }) => (sku === 'pear' ? { delta: 2 } : {})),
      /moved 2/,
    ],
    'a movement that left other counters than were told': [
      (story) => movementsOtherwise(story.evidence(), ({ sku }) => (sku === 'pear' ? { availableAfter: 2 } : {})),
      /left 2 available/,
    ],
    'a count that is gone': [
      (story) => {
        story.count(950, 'plum', 4);
        story.count(951, 'plum', 7);
        const [first] = movementsOf(story, 'plum');
        const evidence = movementsOtherwise(story.evidence(), ({ sku, id }) => (sku === 'plum' && id !== first?.id ? null : {}));
        return stockOtherwise(evidence, 'plum', { available: 4 });
      },
      /set-stock of plum, was told 200, and 7 in all at version 3, where its movements add up to 4/,
    ],
  });
});

function tried(story: Story): Evidence {
  story.try(1, [['apple', 2]]);
  return story.evidence();
}

function confirmed(story: Story): Evidence {
  tried(story);
  story.confirm(1);
  return story.evidence();
}

function refunded(story: Story): Evidence {
  confirmed(story);
  story.refund(1, 1, [['apple', 1]]);
  return story.evidence();
}

function movementsOf(story: Story, wanted: string): Evidence['movements'] {
  return story.evidence().movements.filter(({ sku }) => sku === wanted);
}
