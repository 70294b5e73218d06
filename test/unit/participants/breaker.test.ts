// Owns the tests of the breaker: when it opens, when it lets a probe through, and what closes it (I12).
import { expect } from 'chai';
import {
  afterCall,
  allowance,
  type BreakerState,
  CLOSED,
  FAILURES_TO_OPEN,
  FIRST_OPEN_MS,
  LONGEST_OPEN_MS,
  probing,
} from '../../../src/participants/breaker.ts';

const nobody = (state: BreakerState, now: number): BreakerState => afterCall(state, false, now);
const opened = (now: number): BreakerState => {
  let state: BreakerState = CLOSED;
  for (let call = 0; call < FAILURES_TO_OPEN; call += 1) state = nobody(state, now);
  return state;
};

describe('a breaker', () => {
  it('opens after so many calls in a row that found nobody, and not before', () => {
    let state: BreakerState = CLOSED;
    for (let call = 1; call < FAILURES_TO_OPEN; call += 1) state = nobody(state, 0);
    expect(allowance(state, 0)).to.equal('all');
    expect(allowance(nobody(state, 0), 0)).to.equal('none');
  });

  it('counts anew after any answer', () => {
    let state: BreakerState = CLOSED;
    for (let call = 0; call < 3 * FAILURES_TO_OPEN; call += 1) {
      state = afterCall(state, call % FAILURES_TO_OPEN === FAILURES_TO_OPEN - 1, 0);
      expect(allowance(state, 0)).to.equal('all');
    }
  });

  it('lets one probe through when its time is up, and none while that is on its way', () => {
    const open = opened(1000);
    expect(allowance(open, 1000 + FIRST_OPEN_MS - 1)).to.equal('none');
    expect(allowance(open, 1000 + FIRST_OPEN_MS)).to.equal('probe');
    expect(allowance(probing(open), 1000 + FIRST_OPEN_MS)).to.equal('none');
    expect(probing(CLOSED)).to.equal(CLOSED);
  });

  it('closes with the first answer, be it to the probe or to a call that goes past it', () => {
    expect(afterCall(probing(opened(0)), true, 600)).to.equal(CLOSED);
    expect(afterCall(opened(0), true, 1)).to.equal(CLOSED);
  });

  it('stays open twice as long after each probe in vain, up to a bound', () => {
    let state = opened(0);
    const lengths: number[] = [];
    for (let probe = 0, now = 0; probe < 6; probe += 1) {
      if (state.kind !== 'open') throw new Error(`it is ${state.kind}`);
      lengths.push(state.until - now);
      now = state.until;
      state = nobody(probing(state), now);
    }
    expect(lengths).to.deep.equal([500, 1000, 2000, 4000, LONGEST_OPEN_MS, LONGEST_OPEN_MS]);
  });

  it('is not kept open for longer by calls that began before it opened', () => {
    const open = opened(0);
    expect(nobody(open, 400)).to.equal(open);
  });
});
