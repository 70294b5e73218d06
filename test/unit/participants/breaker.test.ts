// Owns the tests of the breaker: when it opens, when it lets a probe through, what closes it, and what was an outage (I12).
import { expect } from 'chai';
import {
  afterCall,
  allowance,
  type BreakerState,
  CLOSED,
  endsOutage,
  FAILURES_TO_OPEN,
  FIRST_OPEN_MS,
  LONGEST_OPEN_MS,
  OUTAGE_MS,
  probing,
  type Told,
  UNHEARD,
  unprobed,
} from '../../../src/participants/breaker.ts';

const ALIVE: Told = { isAlive: true, isFirst: true, as: 'other' };
const NOBODY: Told = { isAlive: false, isFirst: true, as: 'other' };
const nobody = (state: BreakerState, now: number, told: Partial<Told> = {}): BreakerState =>
  afterCall(state, { ...NOBODY, ...told }, now);
const opened = (now: number, told: Partial<Told> = {}, from: BreakerState = CLOSED): BreakerState => {
  let state = from;
  for (let call = 0; call < FAILURES_TO_OPEN; call += 1) state = nobody(state, now, told);
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
      state = afterCall(state, call % FAILURES_TO_OPEN === FAILURES_TO_OPEN - 1 ? ALIVE : NOBODY, 0);
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

  it('closes with the first answer, be it to a probe or to a call that goes past it', () => {
    for (const as of ['probe', 'fresh', 'other'] as const) {
      expect(afterCall(probing(opened(0)), { ...ALIVE, as }, 600)).to.equal(CLOSED);
      expect(afterCall(opened(0), { ...ALIVE, as }, 1)).to.equal(CLOSED);
    }
  });

  it('stays open twice as long after each probe in vain, up to a bound', () => {
    let state = opened(0);
    const lengths: number[] = [];
    for (let probe = 0, now = 0; probe < 6; probe += 1) {
      if (state.kind !== 'open') throw new Error(`it is ${state.kind}`);
      lengths.push(state.until - now);
      now = state.until;
      state = nobody(probing(state), now, { as: 'probe' });
    }
    expect(lengths).to.deep.equal([500, 1000, 2000, 4000, LONGEST_OPEN_MS, LONGEST_OPEN_MS]);
  });

  it('is not kept open for longer by first attempts in vain, nor by calls that began before it opened', () => {
    const open = opened(0);
    for (const as of ['fresh', 'other'] as const) {
      expect(nobody(open, 400, { as })).to.include({ kind: 'open', until: FIRST_OPEN_MS });
      expect(nobody(probing(open), 600, { as }).kind).to.equal('probing');
    }
  });

  it('waits as long again for another probe where one was not made', () => {
    expect(unprobed(probing(opened(0)), 600)).to.include({ kind: 'open', until: 600 + FIRST_OPEN_MS });
    expect(unprobed(CLOSED, 600)).to.equal(CLOSED);
  });

  it('takes it for an outage where it was open for long, a probe failed, and a first attempt was among what failed', () => {
    const outage = nobody(opened(0), 100, { as: 'fresh' });
    expect(endsOutage(outage, OUTAGE_MS)).to.equal(true);
    expect(endsOutage(probing(outage), OUTAGE_MS)).to.equal(true);
    expect(endsOutage(outage, OUTAGE_MS - 1), 'too short').to.equal(false);
    expect(endsOutage(nobody(opened(0), 100), OUTAGE_MS), 'not probed').to.equal(false);
    expect(endsOutage(CLOSED, OUTAGE_MS)).to.equal(false);
    const repeated = { isFirst: false };
    const stuck = nobody(probing(opened(0, repeated)), 100, { ...repeated, as: 'probe' });
    expect(endsOutage(stuck, OUTAGE_MS), 'only what had failed before').to.equal(false);
    expect(endsOutage(nobody(stuck, 200), OUTAGE_MS)).to.equal(true);
  });

  it('takes it for an outage, too, where nothing was heard since the start but calls in vain', () => {
    const repeated = { isFirst: false };
    const stuck = nobody(probing(opened(0, repeated, UNHEARD)), 100, { ...repeated, as: 'probe' });
    expect(endsOutage(stuck, OUTAGE_MS)).to.equal(true);
  });
});
