// Owns the tests of rule 8: a call waits for the branches it is about, for so long and no longer, and is then answered with how far
// they have come.
import { expect } from 'chai';
import type { Command, Coordinator, VerdictOf } from '../../src/coordinator/command.ts';
import type { Transaction } from '../../src/coordinator/model.ts';
import { type PatientCommand, submitPatiently } from '../../src/coordinator/patient.ts';
import { Watch } from '../../src/coordinator/watch.ts';
import { branchesOf, cancelOf, confirmOf, expireOf, transactionId, tryOf } from '../support/commands.ts';
import { NOON_MS, Story } from './decide/story.ts';

const ID = transactionId(1);
const LONG_MS = 60_000;
const BRIEF_MS = 20;

let story: Story;
let submitted: string[];
let watch: Watch;

const coordinator: Coordinator = {
  submit<C extends Command>(command: C): Promise<VerdictOf<C>> {
    submitted.push(command.kind);
    return Promise.resolve(story.tell(command));
  },
};

/** @returns the answer in one word, and whether it is one to a replay */
async function answerTo(command: PatientCommand, waitMs: number, signal = new AbortController().signal): Promise<string> {
  const verdict = await submitPatiently(coordinator, watch, command, { waitMs, signal: () => signal });
  const answer = verdict.ok ? verdict.transaction.state : verdict.problem.code;
  return verdict.replayed ? `${answer} again` : answer;
}

/** Lets the wait begin, then has something happen that this process tells of. */
async function meanwhile(work: () => unknown): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  work();
  watch.tell([story.stored(ID)]);
}

const begin = (reply: 'whole' | 'minimal' = 'whole') => tryOf(ID, [['a', 1]], { branches: branchesOf(ID, 'pay'), reply });

beforeEach(() => {
  story = new Story().stocked(['a', 10]).registered('pay');
  submitted = [];
  watch = new Watch({ read: () => Promise.resolve([]), intervalMs: LONG_MS, onFault: () => {} });
});

afterEach(() => {
  watch.close();
});

describe('a patient Try', () => {
  it('is answered as soon as its branches have answered', async () => {
    const answer = answerTo(begin(), LONG_MS);
    await meanwhile(() => story.answer(ID, 0, 'done'));
    expect(await answer).to.equal('TRIED');
  });

  it('hears why it came to nothing', async () => {
    for (const [code, end] of [
      ['participant-refused', () => story.answer(ID, 0, 'refused')],
      ['transaction-cancelled', () => story.tell(cancelOf(ID))],
      ['reservation-expired', () => story.at(NOON_MS + 1000).tell(expireOf(ID))],
    ] as const) {
      story = new Story().stocked(['a', 10]).registered('pay');
      const answer = answerTo(begin(), LONG_MS);
      await meanwhile(end);
      expect(await answer).to.equal(code);
    }
  });

  it('is told that it still tries when its time is up, or its caller has gone', async () => {
    expect(await answerTo(begin(), BRIEF_MS)).to.equal('TRYING');
    expect(await answerTo(begin(), 0)).to.equal('TRYING again');
    expect(await answerTo(begin(), LONG_MS, AbortSignal.abort())).to.equal('TRYING again');
    expect(story.stored(ID).state, 'nothing was undone').to.equal('TRYING');
  });

  it('waits for nobody where there are no branches, or where it was refused, and never makes a signal then', async () => {
    const signal = (): AbortSignal => {
      throw new Error('nobody waits');
    };
    for (const [lines, state] of [
      [[['a', 1]], true],
      [[['a', 99]], false],
    ] as const) {
      const command = tryOf(transactionId(lines[0][1]), lines);
      const verdict = await submitPatiently(coordinator, watch, command, { waitMs: LONG_MS, signal });
      expect(verdict.ok).to.equal(state);
    }
  });

  it('keeps to the form that was asked for, and to being a replay', async () => {
    await submitPatiently(coordinator, watch, begin(), { waitMs: 0, signal: () => AbortSignal.abort() });
    const again = submitPatiently(coordinator, watch, begin('minimal'), {
      waitMs: LONG_MS,
      signal: () => new AbortController().signal,
    });
    await meanwhile(() => story.answer(ID, 0, 'done'));
    expect(await again).to.deep.equal({ ok: true, replayed: true, transaction: { id: ID, state: 'TRIED' } });
  });
});

describe('a patient confirm', () => {
  it('waits for the Tries, decides, and waits for the Confirms, all within one time', async () => {
    story.tell(begin());
    const answer = answerTo(confirmOf(ID), LONG_MS);
    await meanwhile(() => story.answer(ID, 0, 'done'));
    await meanwhile(() => story.answer(ID, 0, 'done'));
    expect(await answer).to.equal('CONFIRMED');
    expect(submitted).to.deep.equal(['confirm', 'confirm']);
  });

  it('is refused as retryable where the Tries take longer than it has, and decides nothing', async () => {
    story.tell(begin());
    for (const waitMs of [0, BRIEF_MS]) expect(await answerTo(confirmOf(ID), waitMs)).to.equal('invalid-transition');
    expect(story.stored(ID).decidedAt).to.equal(null);
  });

  it('hears what became of the Try it waited for', async () => {
    story.tell(begin());
    const answer = answerTo(confirmOf(ID), LONG_MS);
    await meanwhile(() => story.answer(ID, 0, 'refused'));
    expect(await answer).to.equal('invalid-transition');
    expect(submitted).to.deep.equal(['confirm', 'confirm']);
  });

  it('is told that it is decided when its time is up', async () => {
    story.tell(begin());
    story.answer(ID, 0, 'done');
    expect(await answerTo(confirmOf(ID), BRIEF_MS)).to.equal('CONFIRMING');
    expect(await answerTo(confirmOf(ID), BRIEF_MS)).to.equal('CONFIRMING again');
  });
});

describe('a patient cancel', () => {
  it('waits for the last Cancel, and is told how far it came', async () => {
    story.tell(begin());
    expect(await answerTo(cancelOf(ID), BRIEF_MS)).to.equal('CANCELLING');
    const answer = answerTo(cancelOf(ID), LONG_MS);
    await meanwhile(() => story.answer(ID, 0, 'failed'));
    await meanwhile(() => story.answer(ID, 0, 'done'));
    expect(await answer).to.equal('CANCELLED again');
    const settled: Transaction = story.stored(ID);
    expect(settled.reason).to.equal('requested');
  });

  it('of an id never seen waits for nobody', async () => {
    expect(await answerTo(cancelOf(ID), LONG_MS)).to.equal('CANCELLED');
  });
});
