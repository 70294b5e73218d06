// Owns the tests of registering participants and of letting them go.
import { expect } from 'chai';
import type { PutParticipantCommand } from '../../../src/coordinator/command.ts';
import { newSecret } from '../../../src/coordinator/secrets.ts';
import { cancelOf, putParticipantOf, removeParticipantOf, replyOf, transactionId } from '../../support/commands.ts';
import { NOON_MS, refused, Story } from './story.ts';

const ID = transactionId(1);

let story: Story;

beforeEach(() => {
  story = new Story().stocked(['a', 10]).registered('pay');
});

describe('a participant', () => {
  it('is registered, and changed at any time, with the time of its first registration', () => {
    story.trying(ID, 'pay');
    const changed = putParticipantOf('pay', { url: 'https://elsewhere.test', timeoutMs: 50, secret: 'whsec_2' });
    const verdict = story.at(NOON_MS + 5).tell(changed);
    expect(verdict).to.deep.equal({
      ok: true,
      replayed: false,
      participant: {
        ...{ name: 'pay', url: 'https://elsewhere.test', timeoutMs: 50, maxConcurrency: 64, retry: changed.retry },
        ...{ createdAt: NOON_MS, updatedAt: NOON_MS + 5 },
      },
    });
    expect(story.changes).to.have.length(1);
    expect(story.changes[0]).to.deep.include({ kind: 'put-participant', secret: 'whsec_2' });
  });

  it('gets a secret where it has none, which is shown once; one that is given is not shown', () => {
    const told = (command: PutParticipantCommand): unknown[] => {
      const verdict = story.tell(command);
      const [change] = story.changes;
      if (!verdict.ok || change?.kind !== 'put-participant') throw new Error('it was not put');
      return [('secret' in verdict ? verdict.secret : undefined) ?? null, change.secret];
    };
    const [made, given] = [newSecret(), newSecret()];
    expect(told(putParticipantOf('new', { spareSecret: made }))).to.deep.equal([made, made]);
    expect(told(putParticipantOf('new', { spareSecret: newSecret() }))).to.deep.equal([null, null]);
    // Its commit was lost on the way back, and the same command is settled again.
    expect(told(putParticipantOf('new', { spareSecret: made }))).to.deep.equal([made, made]);
    expect(told(putParticipantOf('new', { secret: given, spareSecret: made }))).to.deep.equal([null, given]);
    expect(told(putParticipantOf('new', { spareSecret: made }))).to.deep.equal([null, null]);
    story.tell(removeParticipantOf('new'));
    expect(told(putParticipantOf('new', { spareSecret: made }))).to.deep.equal([made, made]);
  });

  it('goes where nothing open names it, and is unknown then', () => {
    expect(story.tell(removeParticipantOf('pay'))).to.deep.include({ ok: true, replayed: false });
    const { problem } = refused(story.tell(removeParticipantOf('pay')), 'unknown-participant');
    expect(problem).to.deep.include({ status: 404, members: { participant: 'pay' } });
  });

  it('stays while a transaction has a branch of it that is not settled, the refused one too', () => {
    story.registered('points').trying(ID, 'pay', 'points').answer(ID, 0, 'refused').answer(ID, 1, 'failed');
    for (const name of ['pay', 'points']) refused(story.tell(removeParticipantOf(name)), 'invalid-transition');
    story.answer(ID, 0, 'done');
    expect(story.tell(removeParticipantOf('pay')).ok).to.equal(true);
    const { problem } = refused(story.tell(removeParticipantOf('points')), 'invalid-transition');
    expect(problem.members).to.deep.equal({ participant: 'points' });
  });

  it('stays where what is stored says so, though this batch knows of no such transaction', () => {
    const known = story.rows.participants.get('pay');
    if (known === undefined) throw new Error('it was registered');
    story.rows.participants.set('pay', { ...known, isInUse: true });
    refused(story.tell(removeParticipantOf('pay')), 'invalid-transition');
    story.tell(putParticipantOf('pay'));
    refused(story.tell(removeParticipantOf('pay')), 'invalid-transition');
  });

  it('goes once the cancel of its last transaction is done', () => {
    story.trying(ID, 'pay').tell(cancelOf(ID));
    story.tell(replyOf(ID, 0, 'try', 'done'));
    refused(story.tell(removeParticipantOf('pay')), 'invalid-transition');
    story.answer(ID, 0, 'done');
    expect(story.tell(removeParticipantOf('pay')).ok).to.equal(true);
  });
});
