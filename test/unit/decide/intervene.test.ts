// Owns the tests of what operators may do about branches: retry them now, and settle those that cannot settle themselves.
import { expect } from 'chai';
import { branchId, cancelOf, confirmOf, replyOf, resolveOf, retryOf, transactionId, tryOf } from '../../support/commands.ts';
import { accepted, NOON_MS, refused, Story } from './story.ts';

const ID = transactionId(1);

let story: Story;

beforeEach(() => {
  story = new Story().stocked(['a', 10]).registered('pay', 'points').trying(ID, 'pay', 'points');
});

function decided(command: typeof confirmOf | typeof cancelOf): Story {
  story.answer(ID, 0, 'done').answer(ID, 1, 'done').tell(command(ID));
  return story;
}

const eventsOf = () => story.changes.flatMap((change) => (change.kind === 'record-event' ? [change.event] : []));

describe('a retry', () => {
  it('asks every branch that waits, now, under a new fence, and says who wanted it', () => {
    story.answer(ID, 0, 'failed').answer(ID, 1, 'not-yet');
    const transaction = accepted(story.at(NOON_MS + 3).tell(retryOf(ID, 'bob')));
    expect(transaction.updatedAt).to.equal(NOON_MS + 3);
    expect(story.standing(ID)).to.deep.equal(['TRYING', 'REGISTERED under-way try', 'REGISTERED under-way try']);
    expect(transaction.branches.map(({ fence, attempts }) => [fence, attempts])).to.deep.equal([
      [2, 1],
      [2, 1],
    ]);
    const event = { at: NOON_MS + 3, event: 'RETRY', from: 'TRYING', to: 'TRYING', detail: { by: 'bob' } };
    expect(eventsOf()).to.deep.equal([event]);
  });

  it('keeps the backoff where it was', () => {
    decided(confirmOf).answer(ID, 0, 'failed').tell(retryOf(ID));
    story.answer(ID, 0, 'failed');
    expect(story.branch(ID, 0).work).to.deep.include({ at: story.now + 200 });
  });

  it('leaves alone what is being asked or settled, and changes nothing where nobody waits', () => {
    decided(cancelOf).answer(ID, 0, 'done').answer(ID, 1, 'failed').tell(retryOf(ID));
    expect(story.standing(ID)).to.deep.equal(['CANCELLING', 'CANCELLED', 'TRIED under-way cancel']);
    accepted(story.tell(retryOf(ID)));
    expect(story.changes).to.deep.equal([]);
    story.answer(ID, 1, 'done');
    expect(accepted(story.tell(retryOf(ID))).state).to.equal('CANCELLED');
    expect(story.changes).to.deep.equal([]);
    refused(story.tell(retryOf(transactionId(9))), 'unknown-transaction');
  });

  it('of a transaction without branches changes nothing', () => {
    story.tell(tryOf(transactionId(2), [['a', 1]]));
    expect(accepted(story.tell(retryOf(transactionId(2)))).state).to.equal('TRIED');
    expect(story.changes).to.deep.equal([]);
  });
});

describe('a resolve', () => {
  it('as decided settles the branch, says who did, and ends the transaction with the last of them', () => {
    decided(confirmOf).answer(ID, 0, 'refused');
    const first = accepted(story.tell(resolveOf(ID, 0, 'CONFIRMED', { by: 'bob', note: 'paid by hand' })));
    expect(first).to.deep.include({ state: 'CONFIRMING', needsAttention: false });
    expect(first.branches[0]).to.deep.include({ state: 'CONFIRMED', resolved: true, work: { kind: 'none' } });
    const detail = {
      branchId: branchId(ID, 0),
      participant: 'pay',
      from: 'TRIED',
      as: 'CONFIRMED',
      note: 'paid by hand',
      by: 'bob',
    };
    expect(eventsOf()).to.deep.equal([{ at: NOON_MS, event: 'RESOLVE', from: 'CONFIRMING', to: 'CONFIRMING', detail }]);
    expect(accepted(story.tell(resolveOf(ID, 1, 'CONFIRMED'))).state).to.equal('CONFIRMED');
    expect(eventsOf().map(({ event, to }) => `${event} ${to}`)).to.deep.equal([
      'RESOLVE CONFIRMING',
      'BRANCHES_SETTLED CONFIRMED',
    ]);
  });

  it('against the decision changes nothing of that (I5), and needs attention for good', () => {
    for (const [command, as, state] of [
      [confirmOf, 'CANCELLED', 'CONFIRMED'],
      [cancelOf, 'CONFIRMED', 'CANCELLED'],
    ] as const) {
      story = new Story().stocked(['a', 10]).registered('pay', 'points').trying(ID, 'pay', 'points');
      decided(command).tell(resolveOf(ID, 0, as));
      story.answer(ID, 1, 'done');
      expect(story.stored(ID)).to.deep.include({ state, needsAttention: true });
      expect(story.standing(ID).slice(1)).to.deep.equal([as, state]);
    }
  });

  it('of the same again is answered again, of the other way is refused, before and after the end', () => {
    decided(confirmOf).tell(resolveOf(ID, 0, 'CANCELLED'));
    const again = (): void => {
      expect(accepted(story.tell(resolveOf(ID, 0, 'CANCELLED', { by: 'another' })), true).needsAttention).to.equal(true);
      expect(story.changes).to.deep.equal([]);
      const { problem } = refused(story.tell(resolveOf(ID, 0, 'CONFIRMED')), 'invalid-transition');
      expect(problem.members).to.deep.equal({ state: story.stored(ID).state });
    };
    again();
    story.answer(ID, 1, 'done');
    again();
  });

  it('is for branches that are not settled, while their transaction settles', () => {
    const stateOf = (): unknown =>
      refused(story.tell(resolveOf(ID, 0, 'CONFIRMED')), 'invalid-transition').problem.members?.state;
    expect(stateOf()).to.equal('TRYING');
    story.answer(ID, 0, 'done').answer(ID, 1, 'done');
    expect(stateOf()).to.equal('TRIED');
    story.tell(confirmOf(ID));
    story.answer(ID, 0, 'done');
    expect(stateOf(), 'it settled by itself').to.equal('CONFIRMING');
    story.answer(ID, 1, 'done');
    expect(stateOf()).to.equal('CONFIRMED');
  });

  it('of what is not there is refused', () => {
    decided(confirmOf);
    refused(story.tell(resolveOf(ID, 7, 'CONFIRMED')), 'not-found');
    refused(story.tell(resolveOf(transactionId(9), 0, 'CONFIRMED')), 'unknown-transaction');
    expect(story.changes).to.deep.equal([]);
  });

  it('settles one whose Try, or whose Confirm, is on its way: the late reply is ignored', () => {
    story.tell(cancelOf(ID));
    story.tell(resolveOf(ID, 0, 'CANCELLED'));
    expect(story.standing(ID)).to.deep.equal(['CANCELLING', 'CANCELLED', 'REGISTERED under-way try']);
    for (const outcome of ['done', 'refused', 'failed'] as const) {
      story.tell(replyOf(ID, 0, 'try', outcome));
      expect(story.changes, outcome).to.deep.equal([]);
    }
    expect(accepted(story.tell(resolveOf(ID, 1, 'CANCELLED'))).state).to.equal('CANCELLED');
    expect(story.tell(replyOf(ID, 1, 'try', 'done')).replayed).to.equal(true);
    expect(story.counters('a')).to.deep.equal([10, 0, 0]);
  });
});
