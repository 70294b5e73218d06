// Owns the tests of the reply table (contract, section 6): what each answer, and none, means.
import { expect } from 'chai';
import { noReply, oversizedReply, replyOf } from '../../../src/participants/reply-table.ts';

describe('the reply table', () => {
  it('takes 2xx other than 202 for done', () => {
    for (const status of [200, 201, 204, 299]) {
      expect(replyOf(status, 'anything', null)).to.deep.equal({ outcome: 'done', status, error: null, isAlive: true });
    }
  });

  it('takes 202 and 425 for not yet, and 409 for a refusal', () => {
    expect(replyOf(202, '', null)).to.include({ outcome: 'not-yet', error: '202: not yet', isAlive: true });
    expect(replyOf(425, '', null)).to.include({ outcome: 'not-yet', error: '425: not yet', isAlive: true });
    expect(replyOf(409, '', null)).to.include({ outcome: 'refused', error: '409: refused', isAlive: true });
  });

  it('takes everything else for a failure, and a gateway’s word for nobody there', () => {
    for (const status of [100, 301, 302, 307, 400, 401, 404, 429, 500, 501]) {
      expect(replyOf(status, '', null), String(status)).to.include({ outcome: 'failed', status, isAlive: true });
    }
    for (const status of [502, 503, 504]) expect(replyOf(status, '', null)).to.include({ outcome: 'failed', isAlive: false });
  });

  it('says where a redirect would have led', () => {
    expect(replyOf(302, 'Found', 'http://elsewhere/').error).to.equal('302: to http://elsewhere/, which is not followed');
  });

  it('shows why, out of JSON too', () => {
    expect(replyOf(409, '{"reason":"card-declined"}', null).error).to.equal('409: card-declined');
    expect(replyOf(500, '{"title":"no","detail":"out of paper"}', null).error).to.equal('500: out of paper');
    expect(replyOf(500, '{"reason":7}', null).error).to.equal('500: {"reason":7}');
    expect(replyOf(500, '{"reason":', null).error).to.equal('500: {"reason":');
    expect(replyOf(500, 'plain', null).error).to.equal('500: plain');
  });

  it('shows only what can be stored, and not more than helps', () => {
    expect(replyOf(500, 'a\u0000b\n\nc\ud800d', null).error).to.equal('500: a b c\ufffdd');
    const long = replyOf(500, '🦊'.repeat(1000), null).error ?? '';
    expect([...long]).to.have.length(305);
    expect(long.endsWith('…')).to.equal(true);
  });

  it('tells a timeout from a connection that failed, and neither from an answer', () => {
    expect(noReply(null, 300, true)).to.deep.equal({
      ...{ outcome: 'failed', status: null, error: 'no whole answer within 300 ms', isAlive: false },
    });
    expect(noReply(new Error('connect ECONNREFUSED'), 300, false)).to.include({ error: 'connect ECONNREFUSED', isAlive: false });
    const both = new AggregateError([new Error('one'), new Error('two')]);
    expect(noReply(both, 300, false).error).to.equal('one; two');
    expect(oversizedReply(200, 65_536)).to.include({ outcome: 'failed', status: 200, isAlive: true });
  });
});
