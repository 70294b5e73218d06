// Owns the tests of cancel, expire and extend: rules 3 to 7 of the contract, and the edges of the deadline.
import { expect } from 'chai';
import { cancelOf, confirmOf, expireOf, extendOf, transactionId, tryOf } from '../../support/commands.ts';
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

describe('a cancel', () => {
  it('releases the basket, keeps its note, and says so again with the note of the first', () => {
    const transaction = accepted(story.tell(cancelOf(ID, 'changed my mind')));
    expect(transaction).to.deep.include({ state: 'CANCELLED', reason: 'requested', note: 'changed my mind' });
    expect(itemsOf(transaction)).to.deep.equal(['a AVAILABLE 4/0/0', 'b AVAILABLE 1/0/0']);
    expect(story.counters('a')).to.deep.equal([10, 0, 0]);
    expect(accepted(story.tell(cancelOf(ID, 'another note')), true)).to.deep.include({
      note: 'changed my mind',
      reason: 'requested',
    });
    expect(story.changes).to.deep.equal([]);
  });

  it('is a request until the deadline, and finds it expired from then on (rule 5)', () => {
    for (const [now, reason] of [
      [DEADLINE_MS - 1, 'requested'],
      [DEADLINE_MS, 'expired'],
      [DEADLINE_MS + 1, 'expired'],
    ] as const) {
      const id = transactionId(now);
      accepted(story.at(NOON_MS).tell(tryOf(id, [['a', 1]], { timeoutMs: TIMEOUT_MS })));
      expect(accepted(story.at(now).tell(cancelOf(id))), String(now - DEADLINE_MS)).to.deep.include({
        state: 'CANCELLED',
        reason,
      });
    }
  });

  it('after a confirm is refused, and after any other end is answered with that end', () => {
    accepted(story.tell(confirmOf(ID)));
    expect(refused(story.tell(cancelOf(ID)), 'invalid-transition').problem.members).to.deep.equal({ state: 'CONFIRMED' });
    story.tell(tryOf(transactionId(2), [['a', 100]]));
    expect(accepted(story.tell(cancelOf(transactionId(2))), true).reason).to.equal('insufficient-stock');
    story.tell(tryOf(transactionId(3), [['a', 1]], { timeoutMs: TIMEOUT_MS }));
    story.at(DEADLINE_MS).tell(expireOf(transactionId(3)));
    expect(accepted(story.tell(cancelOf(transactionId(3))), true).reason).to.equal('expired');
  });

  it('of an id never seen is kept, and the same again (rule 6)', () => {
    const id = transactionId(2);
    const first = accepted(story.tell(cancelOf(id, 'early')));
    expect(first).to.deep.include({ state: 'CANCELLED', reason: 'cancelled-before-try', note: 'early', items: [] });
    expect(accepted(story.at(NOON_MS + 9).tell(cancelOf(id)), true)).to.deep.include({ note: 'early', createdAt: NOON_MS });
  });
});

describe('an expiry', () => {
  it('waits for the deadline', () => {
    refused(story.at(DEADLINE_MS - 1).tell(expireOf(ID)), 'invalid-transition');
    expect(story.changes).to.deep.equal([]);
    const verdict = story.at(DEADLINE_MS).tell(expireOf(ID));
    expect(verdict).to.deep.equal({ ok: true, replayed: false, transaction: { id: ID, state: 'CANCELLED' } });
    expect(story.stored(ID)).to.deep.include({ reason: 'expired', note: null, decidedAt: DEADLINE_MS });
    expect(story.counters('a')).to.deep.equal([10, 0, 0]);
  });

  it('comes twice without harm, never undoes a confirm, and knows nothing of unknown ids', () => {
    story.at(DEADLINE_MS + 1).tell(expireOf(ID));
    expect(story.tell(expireOf(ID))).to.deep.include({ ok: true, replayed: true });
    story.tell(tryOf(transactionId(2), [['a', 1]]));
    story.tell(confirmOf(transactionId(2)));
    refused(story.at(DEADLINE_MS + 5000).tell(expireOf(transactionId(2))), 'invalid-transition');
    refused(story.tell(expireOf(transactionId(9))), 'unknown-transaction');
  });
});

describe('an extend', () => {
  it('sets a new deadline from now on, later or sooner, and it counts', () => {
    const extended = accepted(story.at(NOON_MS + 900).tell(extendOf(ID, 5000)));
    expect(extended).to.deep.include({ state: 'TRIED', expiresAt: NOON_MS + 5900, createdAt: NOON_MS, updatedAt: NOON_MS + 900 });
    refused(story.at(DEADLINE_MS).tell(expireOf(ID)), 'invalid-transition');
    expect(accepted(story.tell(extendOf(ID, 100))).expiresAt).to.equal(DEADLINE_MS + 100);
    refused(story.at(DEADLINE_MS + 100).tell(confirmOf(ID)), 'reservation-expired');
  });

  it('comes too late at the deadline (I8)', () => {
    accepted(story.at(DEADLINE_MS - 1).tell(extendOf(ID, TIMEOUT_MS)));
    const next = DEADLINE_MS - 1 + TIMEOUT_MS;
    for (const now of [next, next + 1]) refused(story.at(now).tell(extendOf(ID, TIMEOUT_MS)), 'reservation-expired');
    story.tell(expireOf(ID));
    refused(story.tell(extendOf(ID, TIMEOUT_MS)), 'reservation-expired');
  });

  it('is for what is TRIED alone', () => {
    refused(story.tell(extendOf(transactionId(9), 100)), 'unknown-transaction');
    story.tell(confirmOf(ID));
    expect(refused(story.at(DEADLINE_MS + 1).tell(extendOf(ID, 100)), 'invalid-transition').problem.members).to.deep.equal({
      state: 'CONFIRMED',
    });
    story.tell(cancelOf(transactionId(2)));
    expect(refused(story.tell(extendOf(transactionId(2), 100)), 'invalid-transition').problem.members).to.deep.equal({
      state: 'CANCELLED',
    });
  });

  it('is no new content: the Try is still the same', () => {
    story.tell(extendOf(ID, 9000));
    const again = accepted(
      story.at(DEADLINE_MS + 1).tell(
        tryOf(
          ID,
          [
            ['a', 4],
            ['b', 1],
          ],
          { timeoutMs: TIMEOUT_MS },
        ),
      ),
      true,
    );
    expect(again.expiresAt).to.equal(NOON_MS + 9000);
  });
});
