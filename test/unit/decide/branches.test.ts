// Owns the tests of transactions with branches before and at their decision: Try, confirm, cancel, expire, extend and refund.
// Rules 1, 2, 4, 5 and 7 of the contract; I9: who is asked what follows from what was decided with it.
import { expect } from 'chai';
import {
  branchesOf,
  branchId,
  cancelOf,
  confirmOf,
  expireOf,
  extendOf,
  refundOf,
  transactionId,
  tryOf,
} from '../../support/commands.ts';
import { accepted, itemsOf, NOON_MS, refused, Story } from './story.ts';

const ID = transactionId(1);
const DEADLINE_MS = NOON_MS + 1000;
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const OTHER_TRACE = '00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let story: Story;

beforeEach(() => {
  story = new Story().stocked(['a', 10]).registered('pay', 'points');
});

function tried(): Story {
  return story.trying(ID, 'pay', 'points').answer(ID, 0, 'done').answer(ID, 1, 'done');
}

const command = (changed: object = {}) => tryOf(ID, [['a', 1]], { branches: branchesOf(ID, 'pay', 'points'), ...changed });

describe('a Try with branches', () => {
  it('holds its items, registers every branch with its payload, and asks them all', () => {
    const transaction = accepted(story.tell(command({ traceparent: TRACE })));
    expect(transaction).to.deep.include({ state: 'TRYING', expiresAt: DEADLINE_MS });
    expect(itemsOf(transaction)).to.deep.equal(['a RESERVED 1/0/0']);
    expect(story.standing(ID).slice(1)).to.deep.equal(['REGISTERED under-way try', 'REGISTERED under-way try']);
    expect(transaction.branches.map(({ fence, traceparent, attempts }) => [fence, traceparent, attempts])).to.deep.equal([
      [1, TRACE, 0],
      [1, TRACE, 0],
    ]);
    const registered = story.changes.filter((change) => change.kind === 'register-branch');
    expect(registered.map(({ branchId: id, payload }) => [id, payload])).to.deep.equal(
      [0, 1].map((position) => [branchId(ID, position), '{"amount":1}']),
    );
  });

  it('makes a valid trace of its own where its caller named none, the same for all of them', () => {
    const traces = accepted(story.tell(command())).branches.map(({ traceparent }) => traceparent);
    expect(traces[0]).to.match(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]$/);
    expect(new Set(traces).size).to.equal(1);
  });

  it('may have no items, and the same participant twice', () => {
    const transaction = accepted(story.tell(tryOf(ID, [], { branches: branchesOf(ID, 'pay', 'pay') })));
    expect(transaction.branches.map(({ id }) => id)).to.deep.equal([branchId(ID, 0), branchId(ID, 1)]);
    story.answer(ID, 0, 'done').answer(ID, 1, 'done');
    expect(accepted(story.tell(confirmOf(ID))).state).to.equal('CONFIRMING');
  });

  it('that names an unknown participant is refused before anything else is looked at, and leaves no trace', () => {
    const branches = branchesOf(ID, 'pay', 'nobody');
    for (const lines of [[['a', 99]], [['never', 1]], []] as const) {
      const { problem } = refused(story.tell(tryOf(ID, lines, { branches })), 'unknown-participant');
      expect(problem).to.deep.include({ status: 422, members: { participant: 'nobody' } });
      expect(story.changes).to.deep.equal([]);
    }
    story.registered('nobody');
    accepted(story.tell(tryOf(ID, [['a', 1]], { branches })));
  });

  it('of which an item is short calls nobody (rule 1), and says so again', () => {
    const short = tryOf(ID, [['a', 11]], { branches: branchesOf(ID, 'pay') });
    refused(story.tell(short), 'insufficient-stock');
    expect(story.stored(ID)).to.deep.include({ state: 'CANCELLED', branches: [] });
    expect(story.changes.map(({ kind }) => kind)).to.deep.equal(['open-transaction']);
    refused(story.tell(short), 'insufficient-stock', true);
    expect(accepted(story.tell(cancelOf(ID)), true).state).to.equal('CANCELLED');
  });

  it('is answered again from where the first stands now (rule 2), though its branches have new ids', () => {
    const again = () => {
      const fresh = branchesOf(transactionId(77), 'pay', 'points');
      const verdict = story.tell(command({ branches: fresh }));
      expect([verdict.replayed, story.changes]).to.deep.equal([true, []]);
      return verdict.ok ? verdict.transaction.state : verdict.problem.code;
    };
    story.tell(command());
    expect(again()).to.equal('TRYING');
    story.answer(ID, 0, 'done').answer(ID, 1, 'done');
    expect(again()).to.equal('TRIED');
    story.tell(confirmOf(ID));
    expect(again()).to.equal('CONFIRMING');
    story.answer(ID, 0, 'done').answer(ID, 1, 'done');
    expect(again()).to.equal('CONFIRMED');
  });

  it('hears again why it was cancelled, while that is carried out and after it', () => {
    for (const [code, end] of [
      ['participant-refused', () => story.answer(ID, 0, 'refused')],
      ['transaction-cancelled', () => story.tell(cancelOf(ID))],
      ['reservation-expired', () => story.at(DEADLINE_MS).tell(expireOf(ID))],
    ] as const) {
      story = new Story().stocked(['a', 10]).registered('pay', 'points');
      story.tell(command());
      end();
      expect(story.stored(ID).state).to.equal('CANCELLING');
      refused(story.tell(command()), code, true);
      if (code !== 'participant-refused') story.answer(ID, 0, 'done');
      for (const [position, outcome] of [
        [0, 'done'],
        [1, 'failed'],
        [1, 'done'],
      ] as const)
        story.answer(ID, position, outcome);
      expect(story.stored(ID).state).to.equal('CANCELLED');
      refused(story.tell(command()), code, true);
    }
  });

  it('with other branches under its id is a contradiction (I7)', () => {
    story.tell(command());
    const [first] = branchesOf(ID, 'pay');
    if (first === undefined) throw new Error('one branch was asked for');
    for (const branches of [
      [],
      [first],
      branchesOf(ID, 'points', 'pay'),
      [{ ...first, payload: '{"amount":2}' }, ...branchesOf(ID, 'points')],
    ])
      refused(story.tell(command({ branches })), 'idempotency-mismatch');
  });
});

describe('the decision about a transaction with branches', () => {
  it('to confirm sells the items in its own commit and asks every branch, under the caller’s trace', () => {
    const transaction = accepted(
      tried()
        .at(NOON_MS + 7)
        .tell({ ...confirmOf(ID), traceparent: OTHER_TRACE }),
    );
    expect(transaction.state).to.equal('CONFIRMING');
    expect(story.stored(ID).decidedAt).to.equal(NOON_MS + 7);
    expect(itemsOf(transaction)).to.deep.equal(['a DEDUCTED 1/1/0']);
    expect(story.counters('a')).to.deep.equal([9, 0, 1]);
    expect(story.standing(ID).slice(1)).to.deep.equal(['TRIED under-way confirm', 'TRIED under-way confirm']);
    expect(transaction.branches.map(({ traceparent, fence }) => [traceparent, fence])).to.deep.equal(
      Array(2).fill([OTHER_TRACE, 2]),
    );
    expect(accepted(story.at(DEADLINE_MS + 1).tell(confirmOf(ID)), true).state, 'however late').to.equal('CONFIRMING');
    story.answer(ID, 0, 'done').answer(ID, 1, 'done');
    expect(accepted(story.tell(confirmOf(ID)), true).state).to.equal('CONFIRMED');
  });

  it('to confirm has to wait for the Tries, and is late at the deadline (I8)', () => {
    story
      .trying(ID, 'pay', 'points')
      .answer(ID, 0, 'done')
      .at(DEADLINE_MS - 1);
    const { problem } = refused(story.tell(confirmOf(ID)), 'invalid-transition');
    expect(problem).to.deep.include({ retryable: true, members: { state: 'TRYING' } });
    refused(story.at(DEADLINE_MS).tell(confirmOf(ID)), 'reservation-expired');
    story.tell(expireOf(ID));
    refused(story.tell(confirmOf(ID)), 'reservation-expired');
    const late = transactionId(2);
    story.at(NOON_MS).trying(late, 'pay').answer(late, 0, 'done').at(DEADLINE_MS);
    refused(story.tell(confirmOf(late)), 'reservation-expired');
  });

  it('to confirm is never of part: that is a malformed request, in every state', () => {
    const part = confirmOf(ID, [['a', 1]]);
    const isRefused = (): void => {
      expect(refused(story.tell(part), 'invalid-request').problem.members).to.have.property('errors');
    };
    story.trying(ID, 'pay');
    isRefused();
    story.answer(ID, 0, 'done');
    isRefused();
    story.tell(confirmOf(ID));
    isRefused();
  });

  it('to cancel frees the items, and reaches every branch; one whose Try is on its way after that', () => {
    story.trying(ID, 'pay', 'points').answer(ID, 0, 'failed');
    const transaction = accepted(story.tell({ ...cancelOf(ID, 'changed my mind'), traceparent: OTHER_TRACE }));
    expect(transaction).to.deep.include({ state: 'CANCELLING', reason: 'requested', note: 'changed my mind' });
    expect(story.counters('a')).to.deep.equal([10, 0, 0]);
    expect(story.standing(ID).slice(1)).to.deep.equal(['REGISTERED under-way cancel', 'REGISTERED under-way try']);
    expect(transaction.branches.map(({ traceparent }) => traceparent)).to.deep.equal([OTHER_TRACE, OTHER_TRACE]);
    expect(accepted(story.tell(cancelOf(ID)), true).state).to.equal('CANCELLING');
    story.answer(ID, 0, 'done').answer(ID, 1, 'failed').answer(ID, 1, 'done');
    expect(accepted(story.tell(cancelOf(ID, 'again')), true)).to.deep.include({ state: 'CANCELLED', note: 'changed my mind' });
  });

  it('by the deadline comes from TRYING and from TRIED, and a cancel finds it expired (rule 5)', () => {
    const late = transactionId(2);
    tried().trying(late, 'pay').at(DEADLINE_MS);
    expect(story.tell(expireOf(ID))).to.deep.include({ transaction: { id: ID, state: 'CANCELLING' } });
    expect(accepted(story.tell(cancelOf(late))).reason).to.equal('expired');
    for (const id of [ID, late]) expect(story.stored(id)).to.deep.include({ reason: 'expired', decidedAt: DEADLINE_MS });
    expect(story.counters('a')).to.deep.equal([10, 0, 0]);
  });

  it('is taken once (I5): the other one is refused while it is carried out', () => {
    tried().tell(confirmOf(ID));
    for (const other of [cancelOf(ID), extendOf(ID, 500)])
      expect(refused(story.tell(other), 'invalid-transition').problem.members).to.deep.equal({ state: 'CONFIRMING' });
    refused(story.at(DEADLINE_MS).tell(expireOf(ID)), 'invalid-transition');
    story = new Story().stocked(['a', 10]).registered('pay', 'points');
    tried().tell(cancelOf(ID));
    for (const other of [confirmOf(ID), extendOf(ID, 500)])
      expect(refused(story.tell(other), 'invalid-transition').problem.members).to.deep.equal({ state: 'CANCELLING' });
  });
});

describe('a transaction with branches', () => {
  it('is extended once it is TRIED, not before', () => {
    story.trying(ID, 'pay');
    refused(story.tell(extendOf(ID, 5000)), 'invalid-transition');
    story.answer(ID, 0, 'done');
    expect(accepted(story.tell(extendOf(ID, 5000))).expiresAt).to.equal(NOON_MS + 5000);
  });

  it('is refunded once it is CONFIRMED, and its branches are not touched', () => {
    tried().tell(confirmOf(ID));
    refused(story.tell(refundOf(ID, null)), 'invalid-transition');
    story.answer(ID, 0, 'done').answer(ID, 1, 'done');
    const before = story.stored(ID).branches;
    expect(itemsOf(accepted(story.tell(refundOf(ID, null))))).to.deep.equal(['a AVAILABLE 1/1/1']);
    expect(story.stored(ID).branches).to.equal(before);
  });
});
