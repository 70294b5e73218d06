// Owns the tests of refunds: all that is left or part, once per id, never more than was sold (I1, I7).
import { expect } from 'chai';
import { cancelOf, confirmOf, type Line, refundId, refundOf, transactionId, tryOf } from '../../support/commands.ts';
import { accepted, itemsOf, NOON_MS, refused, Story } from './story.ts';

const ID = transactionId(1);
let story: Story;

beforeEach(() => {
  story = new Story().stocked(['a', 10], ['b', 10]);
  accepted(
    story.tell(
      tryOf(ID, [
        ['a', 4],
        ['b', 2],
      ]),
    ),
  );
  accepted(story.tell(confirmOf(ID)));
});

describe('a refund', () => {
  it('of everything makes it available again, and the transaction stays CONFIRMED', () => {
    const transaction = accepted(story.at(NOON_MS + 1e7).tell(refundOf(ID, null)));
    expect(transaction).to.deep.include({ state: 'CONFIRMED', reason: null, updatedAt: NOON_MS + 1e7 });
    expect(itemsOf(transaction)).to.deep.equal(['a AVAILABLE 4/4/4', 'b AVAILABLE 2/2/2']);
    expect(story.counters('a')).to.deep.equal([10, 0, 0]);
  });

  it('of part leaves the rest sold, and of the rest leaves nothing', () => {
    expect(itemsOf(accepted(story.tell(refundOf(ID, refundId(1), [['a', 1]]))))).to.deep.equal([
      'a DEDUCTED 4/4/1',
      'b DEDUCTED 2/2/0',
    ]);
    expect(story.counters('a')).to.deep.equal([7, 0, 3]);
    expect(itemsOf(accepted(story.tell(refundOf(ID, refundId(2), [['a', 3]]))))).to.deep.equal([
      'a AVAILABLE 4/4/4',
      'b DEDUCTED 2/2/0',
    ]);
    expect(itemsOf(accepted(story.tell(refundOf(ID, null))))).to.deep.equal(['a AVAILABLE 4/4/4', 'b AVAILABLE 2/2/2']);
    expect(story.counters('b')).to.deep.equal([10, 0, 0]);
  });

  it('of all that is left is idempotent by itself', () => {
    story.tell(refundOf(ID, null));
    accepted(story.tell(refundOf(ID, null)), true);
    expect(story.changes).to.deep.equal([]);
    expect(story.counters('a')).to.deep.equal([10, 0, 0]);
  });

  it('with an id takes effect once, though more is left', () => {
    const command = refundOf(ID, refundId(1), [['a', 1]], 'broken');
    accepted(story.tell(command));
    accepted(story.tell(command), true);
    accepted(story.tell(refundOf(ID, refundId(1), [['a', 1]], 'broken')), true);
    expect(story.changes).to.deep.equal([]);
    expect(story.counters('a')).to.deep.equal([7, 0, 3]);
  });

  it('with other content under its id is refused', () => {
    story.tell(refundOf(ID, refundId(1), [['a', 1]], 'broken'));
    const others: readonly [readonly Line[] | null, string | null][] = [
      [[['a', 2]], 'broken'],
      [[['b', 1]], 'broken'],
      [[['a', 1]], null],
      [null, 'broken'],
    ];
    for (const [lines, reason] of others) refused(story.tell(refundOf(ID, refundId(1), lines, reason)), 'idempotency-mismatch');
    expect(story.counters('a')).to.deep.equal([7, 0, 3]);
  });

  it('of more than is left is refused whole, and hears that again under its id (I7)', () => {
    story.tell(refundOf(ID, refundId(1), [['a', 3]]));
    for (const lines of [
      [['a', 2]],
      [
        ['b', 1],
        ['a', 2],
      ],
      [['foreign', 1]],
      [['a', 1, 'north']],
    ] as const) {
      refused(story.tell(refundOf(ID, null, lines)), 'quantity-exceeded');
      expect(story.changes).to.deep.equal([]);
    }
    const tooMuch = refundOf(ID, refundId(2), [['a', 2]]);
    const first = refused(story.tell(tooMuch), 'quantity-exceeded');
    expect(refused(story.tell(tooMuch), 'quantity-exceeded', true).problem).to.deep.equal(first.problem);
    expect(story.counters('a')).to.deep.equal([9, 0, 1]);
  });

  it('has an id of its own in each transaction', () => {
    accepted(story.tell(tryOf(transactionId(2), [['a', 1]])));
    accepted(story.tell(confirmOf(transactionId(2))));
    accepted(story.tell(refundOf(ID, refundId(1), [['a', 1]])));
    accepted(story.tell(refundOf(transactionId(2), refundId(1), [['a', 1]])));
    expect(story.counters('a')).to.deep.equal([7, 0, 3]);
  });

  it('after a confirm of part gives back what was sold, no more', () => {
    accepted(
      story.tell(
        tryOf(transactionId(2), [
          ['a', 5],
          ['b', 1],
        ]),
      ),
    );
    accepted(story.tell(confirmOf(transactionId(2), [['a', 2]])));
    refused(story.tell(refundOf(transactionId(2), refundId(1), [['b', 1]])), 'quantity-exceeded');
    refused(story.tell(refundOf(transactionId(2), refundId(2), [['a', 3]])), 'quantity-exceeded');
    expect(itemsOf(accepted(story.tell(refundOf(transactionId(2), null))))).to.deep.equal([
      'a AVAILABLE 5/2/2',
      'b AVAILABLE 1/0/0',
    ]);
    // What was confirmed stays what was confirmed.
    accepted(story.tell(confirmOf(transactionId(2), [['a', 2]])), true);
  });

  it('is for what is CONFIRMED alone (rule 7)', () => {
    refused(story.tell(refundOf(transactionId(9), null)), 'unknown-transaction');
    story.tell(tryOf(transactionId(2), [['a', 1]]));
    expect(refused(story.tell(refundOf(transactionId(2), refundId(1))), 'invalid-transition').problem.members).to.deep.equal({
      state: 'TRIED',
    });
    story.tell(cancelOf(transactionId(2)));
    expect(refused(story.tell(refundOf(transactionId(2), refundId(1))), 'invalid-transition').problem.members).to.deep.equal({
      state: 'CANCELLED',
    });
  });

  it('tells what happened in the history', () => {
    story.tell(refundOf(ID, refundId(1), [['a', 1]], 'broken'));
    const recorded = story.changes.find((change) => change.kind === 'record-event');
    expect(recorded?.event).to.deep.equal({
      at: NOON_MS,
      event: 'REFUND',
      from: 'CONFIRMED',
      to: 'CONFIRMED',
      detail: { refundId: refundId(1), reason: 'broken', items: [{ sku: 'a', warehouse: 'default', quantity: 1 }] },
    });
  });
});
