// Owns the tests of confirm, whole and in part: rules 3, 5 and 7 of the contract, and the edges of the deadline (I8).
import { expect } from 'chai';
import { cancelOf, confirmOf, expireOf, transactionId, tryOf } from '../../support/commands.ts';
import { accepted, itemsOf, NOON_MS, refused, Story } from './story.ts';

const ID = transactionId(1);
const TIMEOUT_MS = 1000;
const DEADLINE_MS = NOON_MS + TIMEOUT_MS;

let story: Story;

beforeEach(() => {
  story = new Story().stocked(['a', 10], ['b', 10]);
  accepted(
    story.tell(
      tryOf(
        ID,
        [
          ['a', 4],
          ['b', 1],
        ],
        { timeoutMs: TIMEOUT_MS },
      ),
    ),
  );
});

describe('a confirm', () => {
  it('sells the basket, once, and says so again', () => {
    const transaction = accepted(story.at(NOON_MS + 5).tell(confirmOf(ID)));
    expect(transaction).to.deep.include({ state: 'CONFIRMED', reason: null, updatedAt: NOON_MS + 5, createdAt: NOON_MS });
    expect(itemsOf(transaction)).to.deep.equal(['a DEDUCTED 4/4/0', 'b DEDUCTED 1/1/0']);
    expect(itemsOf(accepted(story.at(DEADLINE_MS + 99).tell(confirmOf(ID)), true))).to.deep.equal(itemsOf(transaction));
    expect(story.changes).to.deep.equal([]);
    expect(story.counters('a')).to.deep.equal([6, 0, 4]);
  });

  it('is in time until the deadline, and late from it on (I8)', () => {
    for (const [now, outcome] of [
      [DEADLINE_MS - 1, 'CONFIRMED'],
      [DEADLINE_MS, 'reservation-expired'],
      [DEADLINE_MS + 1, 'reservation-expired'],
    ] as const) {
      const id = transactionId(now);
      accepted(story.at(NOON_MS).tell(tryOf(id, [['a', 1]], { timeoutMs: TIMEOUT_MS })));
      const verdict = story.at(now).tell(confirmOf(id));
      expect(verdict.ok ? verdict.transaction.state : verdict.problem.code, String(now - DEADLINE_MS)).to.equal(outcome);
    }
  });

  it('of one that expired is refused as expired, before and after the release', () => {
    refused(story.at(DEADLINE_MS).tell(confirmOf(ID)), 'reservation-expired');
    expect(story.tell(expireOf(ID)).ok).to.equal(true);
    refused(story.tell(confirmOf(ID)), 'reservation-expired');
    refused(story.tell(confirmOf(ID, [['a', 1]])), 'reservation-expired');
  });

  it('of an unknown id, or after a cancel, is refused (rule 7)', () => {
    refused(story.tell(confirmOf(transactionId(9))), 'unknown-transaction');
    story.tell(cancelOf(ID));
    const { problem } = refused(story.tell(confirmOf(ID)), 'invalid-transition');
    expect(problem.members).to.deep.equal({ state: 'CANCELLED' });
    // Past the deadline, too: it was cancelled as requested, not expired.
    refused(story.at(DEADLINE_MS + 1).tell(confirmOf(ID)), 'invalid-transition');
  });

  it('of a refused Try, or of one cancelled before it, is refused as a wrong move', () => {
    story.tell(tryOf(transactionId(2), [['a', 100]]));
    story.tell(cancelOf(transactionId(3)));
    for (const id of [transactionId(2), transactionId(3)]) {
      expect(refused(story.tell(confirmOf(id)), 'invalid-transition').problem.members).to.deep.equal({ state: 'CANCELLED' });
    }
  });
});

describe('a confirm of part', () => {
  it('sells what it names and releases the rest', () => {
    const transaction = accepted(story.tell(confirmOf(ID, [['a', 3]])));
    expect(itemsOf(transaction)).to.deep.equal(['a DEDUCTED 4/3/0', 'b AVAILABLE 1/0/0']);
    expect(story.counters('a')).to.deep.equal([7, 0, 3]);
    expect(story.counters('b')).to.deep.equal([10, 0, 0]);
  });

  it('is the same again, and a contradiction with other items (rule 3)', () => {
    story.tell(confirmOf(ID, [['a', 3]]));
    accepted(story.tell(confirmOf(ID, [['a', 3]])), true);
    accepted(
      story.tell(
        confirmOf(ID, [
          ['a', 1],
          ['a', 2],
        ]),
      ),
      true,
    );
    for (const other of [
      null,
      [['a', 2]],
      [['a', 4]],
      [
        ['a', 3],
        ['b', 1],
      ],
      [['b', 1]],
      [
        ['a', 3],
        ['foreign', 1],
      ],
    ] as const) {
      refused(story.tell(confirmOf(ID, other)), 'idempotency-mismatch');
    }
    expect(story.counters('a')).to.deep.equal([7, 0, 3]);
  });

  it('that names everything is the same as one that names nothing', () => {
    accepted(
      story.tell(
        confirmOf(ID, [
          ['b', 1],
          ['a', 4],
        ]),
      ),
    );
    accepted(story.tell(confirmOf(ID)), true);
    story.tell(tryOf(transactionId(2), [['a', 2]]));
    accepted(story.tell(confirmOf(transactionId(2))));
    accepted(story.tell(confirmOf(transactionId(2), [['a', 2]])), true);
  });

  it('of more than is held, or of something else, changes nothing', () => {
    for (const lines of [
      [['a', 5]],
      [
        ['a', 4],
        ['b', 2],
      ],
      [['c', 1]],
      [['a', 1, 'north']],
    ] as const) {
      refused(story.tell(confirmOf(ID, lines)), 'quantity-exceeded');
      expect(story.changes).to.deep.equal([]);
    }
    accepted(story.tell(confirmOf(ID)));
  });

  it('at the deadline is late before it is anything else', () => {
    refused(story.at(DEADLINE_MS).tell(confirmOf(ID, [['a', 99]])), 'reservation-expired');
  });
});
