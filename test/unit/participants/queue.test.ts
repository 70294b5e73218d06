// Owns the tests of a participant's queue: its bounds (I12), whose turn it is, and what its breaker does to those who wait.
import { expect } from 'chai';
import type { BranchCall } from '../../../src/coordinator/effects.ts';
import type { BranchId, Participant, TransactionId } from '../../../src/coordinator/model.ts';
import { FAILURES_TO_OPEN, OUTAGE_MS } from '../../../src/participants/breaker.ts';
import { ParticipantQueue } from '../../../src/participants/queue.ts';
import { LOOPBACK_LET_IN } from '../../support/participant-server.ts';

const call = (number: number, isUrgent = false): BranchCall => ({
  transactionId: `t${number}` as TransactionId,
  branchId: `b${number}` as BranchId,
  participant: 'payment',
  phase: 'try',
  fence: 1,
  isUrgent,
});

function registered(maxConcurrency: number, url = 'http://127.0.0.1:9'): Participant {
  const retry = { initialMs: 1000, maxMs: 60_000, attentionAfter: 10 };
  return { name: 'payment', url, timeoutMs: 1000, maxConcurrency, retry, createdAt: 0, updatedAt: 0 };
}

describe('a participant’s queue', () => {
  let opened: number[];
  let closed: number;
  let queue: ParticipantQueue;

  beforeEach(() => {
    opened = [];
    closed = 0;
    queue = new ParticipantQueue({
      guard: LOOPBACK_LET_IN,
      onOpen: (forMs) => opened.push(forMs),
      onClosed: () => (closed += 1),
    });
  });
  afterEach(() => queue.destroy());

  /** The clock goes on by so much while `run` runs. */
  const later = <T>(ms: number, run: () => T): T => {
    const { now } = performance;
    performance.now = () => now.call(performance) + ms;
    try {
      return run();
    } finally {
      Object.assign(performance, { now });
    }
  };
  const branches = (calls: readonly (BranchCall | null)[]): unknown[] => calls.map((one) => one?.branchId ?? null);
  const open = (isFirst = true): readonly BranchCall[] => {
    let stranded: readonly BranchCall[] = [];
    for (let failure = 0; failure < FAILURES_TO_OPEN; failure += 1)
      stranded = [...stranded, ...queue.heard(call(900 + failure), false, isFirst)];
    return stranded;
  };

  it('gives out as many calls at once as its participant takes, in their order', () => {
    queue.connect(registered(2));
    for (const number of [1, 2, 3]) queue.add(call(number));
    expect([queue.next()?.branchId, queue.next()?.branchId, queue.next()]).to.deep.equal(['b1', 'b2', null]);
    queue.done(call(1));
    expect(queue.next()?.branchId).to.equal('b3');
  });

  it('puts an operator’s wish first, and takes no more than a thousand others', () => {
    for (let number = 1; number <= 1000; number += 1) expect(queue.add(call(number))).to.equal(true);
    expect(queue.add(call(1001))).to.equal(false);
    expect(queue.add(call(1002, true))).to.equal(true);
    expect(queue.next()?.branchId).to.equal('b1002');
  });

  it('takes turns where its participant takes one call at a time, so that ten thousand retries keep no new call waiting', () => {
    queue.connect(registered(1));
    for (const number of [1, 2, 3]) queue.addClaimed(call(number));
    for (const number of [4, 5]) queue.add(call(number));
    const order: unknown[] = [];
    for (let made = queue.next(); made !== null; made = queue.next()) {
      order.push(made.branchId);
      expect(queue.next(), 'one at a time').to.equal(null);
      queue.done(made);
    }
    expect(order).to.deep.equal(['b1', 'b4', 'b2', 'b5', 'b3']);
  });

  it('while nobody is there, makes first attempts one at a time, past what was claimed, and an operator’s wish at once', () => {
    queue.connect(registered(8));
    queue.addClaimed(call(1));
    for (const number of [2, 3]) queue.add(call(number));
    expect(branches(open())).to.deep.equal(['b1']);
    expect(opened).to.have.length(1);
    expect(queue.room()).to.deep.equal({ kind: 'none', calls: 0 });
    expect(queue.addClaimed(call(4))).to.equal(false);
    expect(queue.add(call(5))).to.equal(true);
    queue.add(call(6, true));
    expect(branches([queue.next(), queue.next(), queue.next()])).to.deep.equal(['b6', 'b2', null]);
    queue.heard(call(2), false, true);
    queue.done(call(2));
    expect(branches([queue.next(), queue.next()])).to.deep.equal(['b3', null]);
    queue.heard(call(3), true, true);
    expect(closed).to.equal(1);
    expect(branches([queue.next(), queue.next()])).to.deep.equal(['b5', null]);
  });

  it('does not let the first attempts wait for a probe of what was claimed that hangs, nor lets them count as it', () => {
    queue.connect(registered(8));
    open();
    queue.addProbe(call(1));
    queue.add(call(2));
    expect(branches([queue.next(), queue.next()])).to.deep.equal(['b1', 'b2']);
    queue.heard(call(2), false, true);
    expect(later(10_000, () => queue.room().kind)).to.equal('none');
    queue.heard(call(1), false, false);
    expect(later(10_000, () => queue.room().kind)).to.equal('probe');
  });

  it('makes another first attempt where one was not made after all', () => {
    queue.connect(registered(8));
    open();
    for (const number of [1, 2]) queue.add(call(number));
    expect(branches([queue.next(), queue.next()])).to.deep.equal(['b1', null]);
    queue.done(call(1));
    expect(queue.next()?.branchId).to.equal('b2');
  });

  it('lets go of first attempts that have waited as long as a call may take, and keeps an operator’s wish', () => {
    queue.connect(registered(1));
    queue.add(call(1));
    queue.next();
    queue.add(call(2));
    queue.add(call(3, true));
    later(5000, () => expect(open(), 'it has only just opened').to.deep.equal([]));
    const overdue = later(6000, () => {
      queue.add(call(4));
      return queue.heard(call(1), false, true);
    });
    expect(branches(overdue)).to.deep.equal(['b2']);
    queue.done(call(1));
    expect(queue.next()?.branchId).to.equal('b3');
  });

  it('has what waits asked at once after an outage, and not where only some branches have failed', () => {
    queue.heard(call(1), true, true);
    open(false);
    queue.addProbe(call(2));
    queue.next();
    queue.heard(call(2), false, false);
    later(OUTAGE_MS, () => queue.heard(call(3), true, true));
    expect([closed, queue.backForMs]).to.deep.equal([1, null]);
    open();
    queue.heard(call(3), true, true);
    expect([closed, queue.backForMs]).to.deep.equal([2, null]);
    open();
    queue.add(call(4));
    queue.next();
    queue.heard(call(4), false, true);
    later(OUTAGE_MS, () => queue.heard(call(5), true, true));
    expect(closed).to.equal(3);
    expect(queue.backForMs).to.be.a('number');
    open();
    queue.heard(call(6), true, true);
    expect(queue.backForMs, 'what came back stays to be asked').to.be.a('number');
    queue.forgetReturn();
    expect(queue.backForMs).to.equal(null);
  });

  it('forgets what it knew of the old place when its participant moves', () => {
    queue.connect(registered(2));
    open();
    queue.connect(registered(3));
    expect(queue.room().kind).to.equal('none');
    queue.connect(registered(3, 'http://127.0.0.1:10'));
    expect(queue.room().kind).to.equal('all');
    expect(closed).to.equal(1);
    expect(queue.backForMs).to.be.a('number');
  });

  it('allows for another probe where one came to nothing', () => {
    open();
    queue.addProbe(call(1));
    expect(queue.next()?.branchId).to.equal('b1');
    expect(queue.room().kind).to.equal('none');
    queue.done(call(1));
    expect(opened).to.have.length(2);
  });

  it('gives what was claimed a quarter of the calls at once: all of that, and no more', () => {
    queue.connect(registered(8));
    for (const number of [1, 2, 3, 4]) queue.addClaimed(call(number));
    for (const number of [11, 12, 13]) queue.add(call(number));
    const taken = [1, 2, 3, 4, 5].map(() => queue.next()?.branchId ?? null);
    expect(taken).to.deep.equal(['b1', 'b2', 'b11', 'b12', 'b13']);
    expect(queue.next()).to.equal(null);
    queue.done(call(11));
    expect(queue.next()).to.equal(null);
    queue.done(call(1));
    expect(queue.next()?.branchId).to.equal('b3');
  });

  it('asks for as much more as keeps that share busy', () => {
    queue.connect(registered(8));
    expect(queue.room()).to.deep.equal({ kind: 'all', calls: 8 });
    for (const number of [1, 2, 3, 4, 5, 6]) queue.addClaimed(call(number));
    queue.next();
    expect(queue.room().calls).to.equal(2);
    queue.hasMore = true;
    expect(queue.isLow()).to.equal(false);
    expect(queue.clear()).to.have.length(5);
    expect(queue.isLow()).to.equal(true);
  });

  it('keeps its connections while the registration stays, and makes new ones where it changes', () => {
    const first = queue.connect(registered(4));
    expect(queue.connect(registered(4))).to.equal(first);
    expect(queue.connect(registered(5))).not.to.equal(first);
    expect(queue.connect(registered(5, 'http://127.0.0.1:10'))).not.to.equal(queue.connect(registered(5)));
  });

  it('makes another probe where the one that waited was taken out', () => {
    open();
    queue.addProbe(call(1));
    expect(queue.clear()).to.have.length(1);
    expect(opened).to.have.length(2);
  });

  it('takes no more wishes of operators than twice as many', () => {
    for (let number = 1; number <= 2000; number += 1) expect(queue.add(call(number, true))).to.equal(true);
    expect(queue.add(call(2001, true))).to.equal(false);
  });
});
