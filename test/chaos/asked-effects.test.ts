// Owns the proof that the check of one outcome (I7) finds what nobody asked for, and what came twice.
import { checkOneOutcome } from '../../chaos/checks/answers.ts';
import { transactionId } from '../support/commands.ts';
import { askedNever, itemOtherwise, itFinds, rowOtherwise } from './answers-doctored.ts';

describe('one id, one outcome (I7): an effect that nobody asked for is found', () => {
  itFinds(checkOneOutcome, {
    'a transaction': [
      (story) => {
        const operation = story.try(1, [['apple', 1]]);
        return askedNever(story.evidence(), operation);
      },
      /TRIED since .* which nobody had asked for/,
    ],
    'a transaction, though another of its kind was asked for': [
      (story) => {
        story.try(1, [['apple', 1]], { idGiven: false });
        const other = story.try(2, [['apple', 1]], { idGiven: false });
        return askedNever(story.evidence(), other);
      },
      /TRIED since .* which nobody had asked for/,
    ],
    'a decision about a transaction whose id nobody knows': [
      (story) => {
        story.try(1, [['apple', 1]], { idGiven: false, heard: 'lost' });
        const decided = story.cancel(1);
        return askedNever(story.evidence(), decided);
      },
      /CANCELLED \(requested\), though nobody knew its id/,
    ],
    'a confirm': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const operation = story.confirm(1);
        return askedNever(story.evidence(), operation);
      },
      /decision led to CONFIRMED .* nobody had asked for/,
    ],
    'a cancel': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const operation = story.cancel(1);
        return askedNever(story.evidence(), operation);
      },
      /decision led to CANCELLED \(requested\) .* nobody had asked for/,
    ],
    'an expiry before the deadline': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const operation = story.cancel(1);
        return rowOtherwise(askedNever(story.evidence(), operation), 1, { reason: 'expired' });
      },
      /decision led to CANCELLED \(expired\) .* nobody had asked for/,
    ],
    'a deadline that is put off': [
      (story) => {
        story.try(1, [['apple', 1]]);
        const operation = story.extend(1, 60_000);
        return askedNever(story.evidence(), operation);
      },
      /extend led to TRIED .* nobody had asked for/,
    ],
    'a refund': [
      (story) => {
        story.try(1, [['apple', 1]]);
        story.confirm(1);
        const operation = story.refund(1, 1);
        return askedNever(story.evidence(), operation);
      },
      /refund .* is kept, which nobody had asked for/,
    ],
    'a refund for the second time': [
      (story) => {
        story.try(1, [['apple', 3]]);
        story.confirm(1);
        story.refund(1, 1, [['apple', 1]]);
        const evidence = story.evidence();
        const events = evidence.transactions.get(transactionId(1))?.events ?? [];
        return itemOtherwise(rowOtherwise(evidence, 1, { events: [...events, ...events] }), 1, { refunded: 2 });
      },
      /refund .* was applied 2 times/,
    ],
    'more that came back than its refunds say': [
      (story) => {
        story.try(1, [['apple', 3]]);
        story.confirm(1);
        story.refund(1, 1, [['apple', 1]]);
        return itemOtherwise(story.evidence(), 1, { refunded: 2 });
      },
      /2 of apple came back, and its refunds add up to 1/,
    ],
    'a movement': [
      (story) => {
        const operation = story.move(903, ['apple', 1]);
        return askedNever(story.evidence(), operation);
      },
      /movement .* is kept, which nobody had asked for/,
    ],
    'a movement for the second time, under an id of its own': [
      (story) => {
        story.move(903, ['apple', 1], { idGiven: false, heard: 'lost' });
        const once = story.evidence();
        const [twin] = once.movements.filter(({ delta }) => delta === 1);
        return { ...once, movements: twin === undefined ? [] : [...once.movements, { ...twin, id: transactionId(9) }] };
      },
      /movement .* is kept, which nobody had asked for/,
    ],
    'a count': [
      (story) => {
        const operation = story.count(950, 'plum', 4);
        return askedNever(story.evidence(), operation);
      },
      /ADJUST of 4 of plum .* nobody had asked for/,
    ],
  });
});
