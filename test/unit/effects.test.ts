// Owns the tests of what must be done once a commit has returned: which deadlines, calls, retries and news follow from its changes.
import { expect } from 'chai';
import type { Command } from '../../src/coordinator/command.ts';
import { type Effects, effectsOf } from '../../src/coordinator/effects.ts';
import type { Change } from '../../src/coordinator/rows.ts';
import {
  branchesOf,
  branchId,
  cancelOf,
  confirmOf,
  extendOf,
  movementId,
  moveOf,
  refundOf,
  replyOf,
  resolveOf,
  retryOf,
  transactionId,
  tryOf,
} from '../support/commands.ts';
import { NOON_MS, Story } from './decide/story.ts';

const ID = transactionId(1);
const NOTHING: Effects = { deadlines: [], calls: [], retries: [], moved: [] };

let story: Story;

beforeEach(() => {
  story = new Story().stocked(['a', 10]).registered('pay', 'points');
});

/** Of commands that share a commit. */
function effectsAfter(...commands: readonly Command[]): Effects {
  const changes: Change[] = [];
  for (const command of commands) {
    story.tell(command);
    changes.push(...story.changes);
  }
  return effectsOf(changes);
}

const callOf = (position: number, phase: 'try' | 'confirm' | 'cancel', fence: number, isUrgent = false) => {
  const participant = position === 0 ? 'pay' : 'points';
  return { transactionId: ID, branchId: branchId(ID, position), participant, phase, fence, isUrgent };
};
const tried = () => tryOf(ID, [['a', 1]], { branches: branchesOf(ID, 'pay', 'points') });
const done = (position: number, phase: 'try' | 'confirm' | 'cancel' = 'try', fence = 1) =>
  replyOf(ID, position, phase, 'done', { fence });

describe('the effects of a commit', () => {
  it('are a deadline for what it holds, and for what it extends; none for what it refuses or ends', () => {
    expect(effectsAfter(tryOf(ID, [['a', 1]]))).to.deep.equal({ ...NOTHING, deadlines: [NOON_MS + 1000] });
    expect(effectsAfter(extendOf(ID, 5000))).to.deep.equal({ ...NOTHING, deadlines: [NOON_MS + 5000] });
    expect(effectsAfter(confirmOf(ID), refundOf(ID, null), moveOf(movementId(1), 'RECEIVE', ['a', 1]))).to.deep.equal(NOTHING);
    expect(effectsAfter(tryOf(transactionId(2), [['a', 99]]), cancelOf(transactionId(3)))).to.deep.equal(NOTHING);
  });

  it('are a call for each branch of a new transaction, and news of it', () => {
    const effects = effectsAfter(tried());
    expect(effects).to.deep.equal({
      deadlines: [NOON_MS + 1000],
      calls: [callOf(0, 'try', 1), callOf(1, 'try', 1)],
      retries: [],
      moved: [story.stored(ID)],
    });
  });

  it('are no calls while the others are under way, and all of phase two with the decision', () => {
    effectsAfter(tried());
    expect(effectsAfter(done(0))).to.deep.equal({ ...NOTHING, moved: [story.stored(ID)] });
    effectsAfter(done(1));
    expect(effectsAfter(confirmOf(ID)).calls).to.deep.equal([callOf(0, 'confirm', 2), callOf(1, 'confirm', 2)]);
    expect(effectsAfter(done(1, 'confirm', 2), done(0, 'confirm', 2))).to.deep.equal({ ...NOTHING, moved: [story.stored(ID)] });
    expect(story.stored(ID).state).to.equal('CONFIRMED');
  });

  it('are the Cancel of one only after its Try has answered', () => {
    effectsAfter(tried());
    expect(effectsAfter(done(0), cancelOf(ID)).calls).to.deep.equal([callOf(0, 'cancel', 2)]);
    expect(effectsAfter(replyOf(ID, 1, 'try', 'failed')).calls).to.deep.equal([callOf(1, 'cancel', 2)]);
  });

  it('are the time of the next attempt, once', () => {
    effectsAfter(tried());
    expect(effectsAfter(replyOf(ID, 0, 'try', 'failed')).retries).to.deep.equal([NOON_MS + 100]);
    expect(effectsAfter(replyOf(ID, 1, 'try', 'not-sent')).retries).to.deep.equal([NOON_MS]);
    expect(effectsAfter(cancelOf(ID)).retries).to.deep.equal([]);
  });

  it('are urgent calls where an operator asked for them', () => {
    effectsAfter(tried(), replyOf(ID, 0, 'try', 'failed'));
    expect(effectsAfter(retryOf(ID))).to.deep.equal({
      ...NOTHING,
      calls: [callOf(0, 'try', 2, true)],
      moved: [story.stored(ID)],
    });
    expect(effectsAfter(retryOf(ID)), 'nobody waits').to.deep.equal(NOTHING);
  });

  it('are counted from the first to the last of a transaction’s changes, whatever came between', () => {
    const effects = effectsAfter(tried(), replyOf(ID, 0, 'try', 'failed'), done(1), cancelOf(ID), resolveOf(ID, 1, 'CANCELLED'));
    expect(effects).to.deep.equal({
      ...{ deadlines: [], calls: [callOf(0, 'cancel', 2)], retries: [] },
      moved: [story.stored(ID)],
    });
  });
});
