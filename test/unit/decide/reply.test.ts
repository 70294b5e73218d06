// Owns the tests of the reply table of the contract (section 6): what each answer of a participant leads to, in each phase, for the
// branch and for its transaction.
import { expect } from 'chai';
import type { CallOutcome } from '../../../src/coordinator/command.ts';
import type { BranchPhase } from '../../../src/coordinator/model.ts';
import { branchId, cancelOf, confirmOf, expireOf, RETRY, replyOf, resolveOf, transactionId } from '../../support/commands.ts';
import { NOON_MS, refused, Story } from './story.ts';

const ID = transactionId(1);
const DEADLINE_MS = NOON_MS + 1000;

let story: Story;

beforeEach(() => {
  story = new Story().stocked(['a', 10]).registered('pay', 'points', 'coupon');
});

/** A transaction of these, asked for a phase. */
function asked(phase: BranchPhase, ...participants: readonly string[]): Story {
  story.trying(ID, ...participants);
  if (phase === 'try') return story;
  for (const position of participants.keys()) story.answer(ID, position, 'done');
  story.tell(phase === 'confirm' ? confirmOf(ID) : cancelOf(ID));
  return story;
}

const eventsOf = (): string[] =>
  story.changes.flatMap((change) => (change.kind === 'record-event' ? [`${change.event.event} ${change.event.to}`] : []));
const attemptsOf = () => story.changes.flatMap((change) => (change.kind === 'record-attempt' ? [change.attempt] : []));

describe('a reply to a Try', () => {
  it('moves the branch by the table', () => {
    const table: readonly (readonly [CallOutcome, string])[] = [
      ['done', 'TRIED'],
      ['refused', 'REFUSED under-way cancel'],
      ['not-yet', 'REGISTERED waiting try'],
      ['failed', 'REGISTERED waiting try'],
      ['not-sent', 'REGISTERED waiting try'],
    ];
    table.forEach(([outcome, standing], index) => {
      const id = transactionId(10 + index);
      story.trying(id, 'pay', 'points').answer(id, 0, outcome);
      expect(story.standing(id)[1], outcome).to.equal(standing);
      expect(story.branch(id, 0).needsAttention, outcome).to.equal(false);
    });
  });

  it('makes the transaction TRIED with the last of them, in whatever order, and not before', () => {
    asked('try', 'pay', 'points', 'coupon').answer(ID, 2, 'done').answer(ID, 0, 'done');
    expect(story.standing(ID)).to.deep.equal(['TRYING', 'TRIED', 'REGISTERED under-way try', 'TRIED']);
    expect(eventsOf()).to.deep.equal([]);
    story.at(NOON_MS + 9).answer(ID, 1, 'done');
    expect(story.standing(ID)).to.deep.equal(['TRIED', 'TRIED', 'TRIED', 'TRIED']);
    expect(eventsOf()).to.deep.equal(['BRANCHES_TRIED TRIED']);
    expect(story.stored(ID)).to.deep.include({ updatedAt: NOON_MS + 9, decidedAt: null });
    expect(story.counters('a')).to.deep.equal([9, 1, 0]);
  });

  it('of 409 cancels the transaction and asks every other for its Cancel: those under way only after their answer', () => {
    asked('try', 'pay', 'points', 'coupon', 'pay')
      .answer(ID, 0, 'done')
      .answer(ID, 1, 'failed')
      .at(NOON_MS + 5)
      .answer(ID, 2, 'refused');
    expect(story.stored(ID)).to.deep.include({
      reason: 'participant-refused',
      note: 'coupon: answered 409',
      decidedAt: NOON_MS + 5,
    });
    expect(story.standing(ID)).to.deep.equal([
      'CANCELLING',
      'TRIED under-way cancel',
      'REGISTERED under-way cancel',
      'REFUSED under-way cancel',
      'REGISTERED under-way try',
    ]);
    expect(story.counters('a'), 'I4: the items are free with the decision').to.deep.equal([10, 0, 0]);
    expect(story.stored(ID).items[0]?.state).to.equal('AVAILABLE');
  });

  it('that comes after the cancel asks for the Cancel, whatever it says', () => {
    for (const [outcome, state] of [
      ['done', 'TRIED'],
      ['refused', 'REFUSED'],
      ['not-yet', 'REGISTERED'],
      ['failed', 'REGISTERED'],
      ['not-sent', 'REGISTERED'],
    ] as const) {
      const id = transactionId(outcome.length * 100 + outcome.charCodeAt(0));
      story.trying(id, 'pay').tell(cancelOf(id));
      expect(story.standing(id)).to.deep.equal(['CANCELLING', 'REGISTERED under-way try']);
      const before = story.stored(id);
      story.answer(id, 0, outcome);
      expect(story.standing(id), outcome).to.deep.equal(['CANCELLING', `${state} under-way cancel`]);
      expect(story.branch(id, 0)).to.deep.include({ fence: 2, attempts: 0, failures: 0, lastError: null });
      expect(story.stored(id)).to.deep.include({ reason: 'requested', decidedAt: before.decidedAt });
      story.answer(id, 0, 'done');
      expect(story.standing(id), outcome).to.deep.equal(['CANCELLED', 'CANCELLED']);
    }
  });

  it('never makes it TRIED at or after the deadline (rule 5), and a refusal then finds it expired', () => {
    for (const now of [DEADLINE_MS, DEADLINE_MS + 1]) {
      const [tried, late] = [transactionId(now), transactionId(now + 100)];
      story.at(NOON_MS).trying(tried, 'pay').trying(late, 'pay').at(now);
      story.answer(tried, 0, 'done').answer(late, 0, 'refused');
      expect(story.standing(tried), String(now - DEADLINE_MS)).to.deep.equal(['TRYING', 'TRIED']);
      expect(story.stored(late)).to.deep.include({ state: 'CANCELLING', reason: 'expired' });
      story.tell(expireOf(tried));
      expect(story.standing(tried)).to.deep.equal(['CANCELLING', 'TRIED under-way cancel']);
    }
    story
      .at(NOON_MS)
      .trying(ID, 'pay')
      .at(DEADLINE_MS - 1)
      .answer(ID, 0, 'done');
    expect(story.stored(ID).state).to.equal('TRIED');
  });

  it('that was not sent is anybody’s at once, and past the deadline only later: the sweep comes first', () => {
    asked('try', 'pay').answer(ID, 0, 'not-sent');
    expect(story.branch(ID, 0)).to.deep.include({
      work: { kind: 'waiting', phase: 'try', at: NOON_MS },
      attempts: 0,
      failures: 0,
    });
    expect(attemptsOf()).to.deep.equal([]);
    story.wake(ID, 0).at(DEADLINE_MS).answer(ID, 0, 'not-sent');
    expect(story.branch(ID, 0).work).to.deep.include({ at: DEADLINE_MS + RETRY.initialMs });
  });
});

describe('a reply in phase two', () => {
  it('moves the branch by the table, and a 409 calls for a person at once', () => {
    for (const phase of ['confirm', 'cancel'] as const) {
      const done = phase === 'confirm' ? 'CONFIRMED' : 'CANCELLED';
      const table: readonly (readonly [CallOutcome, string, boolean])[] = [
        ['done', done, false],
        ['refused', `TRIED waiting ${phase}`, true],
        ['not-yet', `TRIED waiting ${phase}`, false],
        ['failed', `TRIED waiting ${phase}`, false],
        ['not-sent', `TRIED waiting ${phase}`, false],
      ];
      for (const [outcome, standing, needsAttention] of table) {
        story = new Story().stocked(['a', 10]).registered('pay', 'points');
        asked(phase, 'pay', 'points').answer(ID, 0, outcome);
        expect(story.standing(ID)[1], `${phase} ${outcome}`).to.equal(standing);
        expect([story.branch(ID, 0).needsAttention, story.stored(ID).needsAttention]).to.deep.equal([
          needsAttention,
          needsAttention,
        ]);
      }
    }
  });

  it('settles the transaction with the last of them; one that fails does not hold up the others', () => {
    asked('confirm', 'pay', 'points').answer(ID, 0, 'failed').answer(ID, 1, 'done');
    expect(story.standing(ID)).to.deep.equal(['CONFIRMING', 'TRIED waiting confirm', 'CONFIRMED']);
    story
      .wake(ID, 0)
      .at(DEADLINE_MS + 99_999)
      .answer(ID, 0, 'done');
    expect(story.standing(ID)).to.deep.equal(['CONFIRMED', 'CONFIRMED', 'CONFIRMED']);
    expect(eventsOf()).to.deep.equal(['BRANCHES_SETTLED CONFIRMED']);
    expect(story.stored(ID)).to.deep.include({ decidedAt: NOON_MS, updatedAt: DEADLINE_MS + 99_999 });
  });

  it('calls for a person from so many attempts on, and no more once the branch has settled', () => {
    asked('confirm', 'pay').answer(ID, 0, 'failed').wake(ID, 0).answer(ID, 0, 'failed');
    expect(story.stored(ID).needsAttention).to.equal(false);
    story.wake(ID, 0).answer(ID, 0, 'failed');
    expect([story.branch(ID, 0).attempts, story.stored(ID).needsAttention]).to.deep.equal([RETRY.attentionAfter, true]);
    story.wake(ID, 0).answer(ID, 0, 'not-yet');
    expect(story.stored(ID).needsAttention, 'not settled yet').to.equal(true);
    story.wake(ID, 0).answer(ID, 0, 'done');
    expect(story.stored(ID)).to.deep.include({ state: 'CONFIRMED', needsAttention: false });
  });

  it('counts the attempts of its phase alone', () => {
    asked('try', 'pay');
    for (let attempt = 1; attempt <= 5; attempt += 1)
      story.answer(ID, 0, 'failed', { retry: { ...RETRY, maxMs: 10 } }).wake(ID, 0);
    expect(story.stored(ID).needsAttention, 'a Try that fails ends by itself').to.equal(false);
    story.answer(ID, 0, 'done').tell(confirmOf(ID));
    expect(story.branch(ID, 0)).to.deep.include({ attempts: 0, failures: 0, attemptsInAll: 6, lastError: null });
    story.answer(ID, 0, 'failed');
    expect(story.branch(ID, 0)).to.deep.include({
      attempts: 1,
      attemptsInAll: 7,
      needsAttention: false,
      lastError: 'answered 500',
    });
  });
});

describe('the next attempt', () => {
  const delayOf = (): number => {
    const { work } = story.branch(ID, 0);
    return work.kind === 'waiting' ? work.at - story.now : Number.NaN;
  };

  it('comes after twice as long each time, up to the most', () => {
    asked('cancel', 'pay');
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 40; attempt += 1) {
      story.answer(ID, 0, attempt % 2 === 0 ? 'refused' : 'failed');
      delays.push(delayOf());
      story.wake(ID, 0);
    }
    expect(delays.slice(0, 7)).to.deep.equal([100, 200, 400, 800, 1600, 1600, 1600]);
    expect(delays.at(-1)).to.equal(RETRY.maxMs);
  });

  it('is off by a quarter at most, either way', () => {
    for (const [jitter, delay] of [
      [-1, 75],
      [-0.5, 88],
      [0.5, 113],
      [1, 125],
    ] as const) {
      story = new Story().stocked(['a', 10]).registered('pay');
      asked('confirm', 'pay').answer(ID, 0, 'failed', { jitter });
      expect(delayOf(), String(jitter)).to.equal(delay);
    }
  });

  it('after a 202 or 425 keeps the first interval, unjittered, and does not count as a failure', () => {
    asked('confirm', 'pay').answer(ID, 0, 'failed').wake(ID, 0).answer(ID, 0, 'failed').wake(ID, 0);
    for (let attempt = 3; attempt <= 9; attempt += 1) {
      story.answer(ID, 0, 'not-yet', { jitter: 1 });
      expect([delayOf(), story.branch(ID, 0).attempts, story.branch(ID, 0).failures]).to.deep.equal([
        RETRY.initialMs,
        attempt,
        2,
      ]);
      expect(story.branch(ID, 0).needsAttention).to.equal(false);
      story.wake(ID, 0);
    }
    story.answer(ID, 0, 'failed');
    expect(delayOf()).to.equal(400);
  });
});

describe('a reply that nobody waits for', () => {
  function changesNothing(position: number, phase: BranchPhase, fence: number): void {
    for (const outcome of ['done', 'refused', 'not-yet', 'failed', 'not-sent'] as const) {
      const verdict = story.tell(replyOf(ID, position, phase, outcome, { fence }));
      expect(verdict).to.deep.equal({ ok: true, replayed: true, transaction: { id: ID, state: story.stored(ID).state } });
      expect(story.changes, `${phase} ${outcome}`).to.deep.equal([]);
    }
  }

  it('changes nothing: the same again, of an earlier or later grant, of another phase (I11)', () => {
    asked('try', 'pay', 'points').answer(ID, 0, 'done');
    changesNothing(0, 'try', 1);
    for (const fence of [0, 2]) changesNothing(1, 'try', fence);
    for (const phase of ['confirm', 'cancel'] as const) changesNothing(1, phase, 1);
    story.answer(ID, 1, 'failed');
    changesNothing(1, 'try', 1);
    story.wake(ID, 1);
    changesNothing(1, 'try', 1);
  });

  it('changes nothing of a branch that is settled or was resolved, nor of one that is not there', () => {
    asked('confirm', 'pay', 'points')
      .answer(ID, 0, 'done')
      .tell(resolveOf(ID, 1, 'CONFIRMED'));
    for (const position of [0, 1]) changesNothing(position, 'confirm', 2);
    story.tell(replyOf(ID, 0, 'confirm', 'done', { branchId: branchId(ID, 9) }));
    expect(story.changes).to.deep.equal([]);
    refused(story.tell(replyOf(transactionId(9), 0, 'try', 'done')), 'unknown-transaction');
  });
});

describe('what is kept of an attempt', () => {
  it('is what was asked, what was answered, and from where to where that led', () => {
    asked('try', 'pay').answer(ID, 0, 'failed', { status: null, error: 'timed out', durationMs: 3000 });
    const kept = { transactionId: ID, branchId: branchId(ID, 0), at: NOON_MS, phase: 'try', outcome: 'failed', status: null };
    expect(attemptsOf()).to.deep.equal([
      { ...kept, sequence: 1, attempt: 1, error: 'timed out', durationMs: 3000, from: 'REGISTERED', to: 'REGISTERED' },
    ]);
    story.wake(ID, 0).answer(ID, 0, 'done');
    expect(attemptsOf()).to.deep.include.members([
      {
        ...{ ...kept, at: story.now, outcome: 'done', status: 200, sequence: 2, attempt: 2, error: null, durationMs: 7 },
        ...{ from: 'REGISTERED', to: 'TRIED' },
      },
    ]);
    story.tell(confirmOf(ID));
    story.answer(ID, 0, 'done');
    expect(attemptsOf()[0]).to.deep.include({ phase: 'confirm', sequence: 3, attempt: 1, from: 'TRIED', to: 'CONFIRMED' });
  });
});
