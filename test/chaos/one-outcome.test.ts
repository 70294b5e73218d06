// Owns the proof that the check of one outcome (I7) sees through what callers were told: answers that are not legal, and answers that
// contradict each other or what is stored.
import { checkOneOutcome } from '../../chaos/checks/answers.ts';
import type { Evidence } from '../../chaos/evidence/evidence.ts';
import type { OperationRecord } from '../../chaos/record.ts';
import { bodyOtherwise, itFinds, moved, movementsOtherwise, toldOtherwise } from './answers-doctored.ts';
import type { Story } from './answers-fixtures.ts';

/** What the second operation was told, told to the first. */
function swapped(story: Story, operation: OperationRecord, other: OperationRecord): Evidence {
  return other.outcome.kind === 'answer' ? toldOtherwise(story.evidence(), operation, other.outcome) : story.evidence();
}

describe('one id, one outcome (I7): an answer that is not legal is found', () => {
  itFinds(checkOneOutcome, {
    'an unforeseen fault': [
      (story) => {
        const operation = story.try(1, [['apple', 1]]);
        return toldOtherwise(story.evidence(), operation, { status: 500, code: 'internal-error' });
      },
      /was told 500 internal-error.*no legal answer/,
    ],
    'a "not now" that says not when': [
      (story) => {
        const operation = story.confirm(1, { heard: 'busy' });
        return toldOtherwise(story.evidence(), operation, { retryAfter: null });
      },
      /503 database-unavailable.*no legal answer/,
    ],
    'a confirm that is answered as held': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const operation = story.confirm(1);
        return bodyOtherwise(story.evidence(), operation, { state: 'TRIED' });
      },
      /confirm of .* 200 TRIED, which it never was/,
    ],
    'a cancel of what is not known, told so': [
      (story) => {
        const operation = story.cancel(1);
        return toldOtherwise(story.evidence(), operation, { status: 404, code: 'unknown-transaction' });
      },
      /404 unknown-transaction.*no legal answer/,
    ],
    'a participant that refused a basket without any': [
      (story) => {
        const operation = story.try(1, [['apple', 1]]);
        return toldOtherwise(story.evidence(), operation, { status: 409, code: 'participant-refused' });
      },
      /409 participant-refused.*no legal answer/,
    ],
    'a SKU that was stocked, and is told to be unknown': [
      (story) => {
        const operation = story.try(1, [['apple', 1]], { idGiven: false });
        const unknown = { status: 422, code: 'unknown-sku', body: {} };
        return toldOtherwise(story.evidence(), operation, unknown);
      },
      /422 unknown-sku, and all of it had been stocked before/,
    ],
    'a shortage of what there was enough of by its own words': [
      (story) => {
        const operation = story.try(1, [['pear', 2]]);
        const shortages = [{ sku: 'pear', warehouse: 'default', requested: 2, available: 2 }];
        return bodyOtherwise(story.evidence(), operation, { shortages });
      },
      /409 insufficient-stock.*no legal answer/,
    ],
    'a Try without an id that is replayed': [
      (story) => {
        const operation = story.try(1, [['pear', 2]], { idGiven: false });
        return toldOtherwise(story.evidence(), operation, { replayed: true });
      },
      /insufficient-stock \(replayed\).*no legal answer/,
    ],
    'a movement that is accepted for later': [
      (story) => {
        const operation = story.move(903, ['apple', 1]);
        return toldOtherwise(story.evidence(), operation, { status: 202 });
      },
      /movement of .* 202.*no legal answer/,
    ],
  });
});

describe('one id, one outcome (I7): an answer that contradicts another is found', () => {
  itFinds(checkOneOutcome, {
    'a Try that holds what was cancelled': [
      (story) => {
        const first = story.try(1, [['apple', 1]]);
        story.cancel(1);
        const again = story.after(50).try(1, [['apple', 1]]);
        return toldOtherwise(swapped(story, again, first), again, { status: 200, replayed: true });
      },
      /200 TRIED \(replayed\), though it was known to have gone on/,
    ],
    'a confirm of what was told as held, and is not known': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const operation = story.after(50).confirm(1);
        return toldOtherwise(story.evidence(), operation, { status: 404, code: 'unknown-transaction' });
      },
      /404 unknown-transaction.*though it was known to have gone on/,
    ],
    'a Try of what was cancelled, and never was': [
      (story) => {
        const operation = story.try(1, [['apple', 1]]);
        return toldOtherwise(story.evidence(), operation, { status: 409, code: 'transaction-cancelled' });
      },
      /409 transaction-cancelled.*which it never was/,
    ],
    'a deadline that had not come': [
      (story) => {
        story.try(1, [['apple', 1]], { timeoutMs: 10_000 });
        const operation = story.after(500).confirm(1, { heard: 'answer' });
        return toldOtherwise(story.evidence(), operation, { status: 410, code: 'reservation-expired', body: {} });
      },
      /410 reservation-expired.*which it never was/,
    ],
    'a Try that holds beyond its deadline': [
      (story) => {
        const first = story.try(1, [['apple', 1]], { timeoutMs: 100 });
        const again = story.after(500).try(1, [['apple', 1]], { timeoutMs: 100 });
        story.expire(1);
        return toldOtherwise(swapped(story, again, first), again, { status: 200, replayed: true });
      },
      /200 TRIED \(replayed\), which it never was/,
    ],
    'an id that is made twice': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const again = story.after(50).try(1, [['apple', 1]]);
        return toldOtherwise(story.evidence(), again, { status: 201, replayed: false });
      },
      /201 TRIED as the first of its kind/,
    ],
    'an id that is made by two at once': [
      (story) => {
        story.try(1, [['apple', 1]], { endedAfterMs: 20 });
        const again = story.try(1, [['apple', 1]], { sentBeforeMs: 10 });
        return toldOtherwise(story.evidence(), again, { status: 201, replayed: false });
      },
      /201 TRIED as the first of its kind, as was operation/,
    ],
    'a decision that two have taken': [
      (story) => {
        story.try(1, [['apple', 1]]);
        story.confirm(1, { endedAfterMs: 20 });
        const again = story.confirm(1, { sentBeforeMs: 10 });
        return toldOtherwise(story.evidence(), again, { replayed: false });
      },
      /confirm of .* as the first of its kind, as was operation/,
    ],
    'other content that is taken for the same': [
      (story) => {
        const first = story.try(1, [['apple', 1]]);
        const other = story.try(1, [['apple', 2]]);
        return toldOtherwise(swapped(story, other, first), other, { status: 200, replayed: true });
      },
      /200 TRIED \(replayed\), which it never was/,
    ],
    'the same content that is taken for other': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const again = story.try(1, [['apple', 1]]);
        const other = story.try(1, [['apple', 2]]);
        return swapped(story, again, other);
      },
      /422 idempotency-mismatch, which it never was/,
    ],
    'a success that is told before it is stored': [
      (story) => {
        const operation = story.try(1, [['apple', 1]]);
        return moved(story.evidence(), operation, -50);
      },
      /201 TRIED, before that was stored/,
    ],
    'a state that is told after a later one': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const seen = story.get(1);
        story.confirm(1);
        return moved(story.evidence(), seen, 50);
      },
      /get of .* 200 TRIED, though it was known to have gone on/,
    ],
    'other times than are stored': [
      (story) => {
        const operation = story.try(1, [['apple', 1]]);
        return bodyOtherwise(story.evidence(), operation, { createdAt: new Date(story.nowMs + 7).toISOString() });
      },
      /201 TRIED, which it never was/,
    ],
    'a refund that two have made': [
      (story) => {
        story.try(1, [['apple', 3]]);
        story.confirm(1);
        story.refund(1, 1, [['apple', 1]]);
        const again = story.after(50).refund(1, 1, [['apple', 1]]);
        return toldOtherwise(story.evidence(), again, { replayed: false });
      },
      /refund of .* as the first, as was operation/,
    ],
    'a movement that is told as done and kept as refused': [
      (story) => {
        story.move(903, ['apple', 1]);
        const refused = { delta: 0, availableAfter: null, versionAfter: null };
        return movementsOtherwise(story.evidence(), ({ delta }) => (delta === 1 ? refused : {}));
      },
      /movement of .* 201, and the opposite is kept/,
    ],
    'a movement that two have made': [
      (story) => {
        story.move(903, ['apple', 1]);
        const again = story.after(50).move(903, ['apple', 1]);
        return toldOtherwise(story.evidence(), again, { status: 201, replayed: false });
      },
      /movement of .* as the first, as was operation/,
    ],
  });
});
