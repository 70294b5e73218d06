// Owns the tests of the sentences that tell an operator what happens next, and why a transaction is not further.
import { expect } from 'chai';
import { duration, nextOf, whyOf } from '../../src/console/next.ts';
import type { Branch, BranchId } from '../../src/coordinator/model.ts';

const NOW = Date.parse('2026-11-26T08:00:00.000Z');
type Subject = Parameters<typeof nextOf>[0];

const branch = (participant: string, rest: Partial<Branch> = {}): Branch => ({
  id: '0193b0a4-7c1e-7d00-8000-000000000002' as BranchId,
  participant,
  state: 'TRIED',
  work: { kind: 'none' },
  attempts: 0,
  failures: 0,
  attemptsInAll: 0,
  lastError: null,
  needsAttention: false,
  resolved: false,
  fence: 1,
  traceparent: '',
  ...rest,
});
const subject = (state: Subject['state'], rest: Partial<Subject> = {}): Subject => ({
  state,
  reason: null,
  expiresAt: NOW + 125_000,
  needsAttention: false,
  branches: [],
  items: [],
  ...rest,
});
const waiting = (phase: 'try' | 'confirm' | 'cancel', inMs: number) => ({ kind: 'waiting', phase, at: NOW + inMs }) as const;

describe('what happens next', () => {
  it('is the deadline of what is held, or its release', () => {
    expect(nextOf(subject('TRIED'), NOW)).to.equal(
      'It is held until 2026-11-26 08:02:05 UTC (in 2 min 5 s): released then, unless it is confirmed or cancelled before.',
    );
    expect(nextOf(subject('TRIED', { expiresAt: NOW - 3_000 }), NOW)).to.equal(
      'Its deadline passed 3 s ago: it is released with the next sweep.',
    );
  });

  it('is whom a transaction that tries is asking, and until when', () => {
    const branches = [
      branch('payment', { state: 'REGISTERED', work: { kind: 'under-way', phase: 'try' } }),
      branch('shipping', { state: 'REGISTERED', work: waiting('try', 4_000), attempts: 2 }),
    ];
    expect(nextOf(subject('TRYING', { branches }), NOW)).to.equal(
      'payment (try) is being asked now. shipping is asked to try again in 4 s (attempt 3). Without all answers by 2026-11-26 08:02:05 UTC (in 2 min 5 s) it is cancelled.',
    );
    expect(nextOf(subject('TRYING', { branches, expiresAt: NOW }), NOW)).to.match(/it is cancelled with the next sweep\.$/);
  });

  it('is who is asked soonest of those that have not carried out the decision', () => {
    const branches = [
      branch('payment', { work: waiting('confirm', 60_000), attempts: 9 }),
      branch('shipping', { work: waiting('confirm', 7_000), attempts: 3 }),
      branch('loyalty', { work: waiting('confirm', 90_000) }),
      branch('mail', { state: 'CONFIRMED' }),
    ];
    expect(nextOf(subject('CONFIRMING', { branches }), NOW)).to.equal(
      'shipping is asked to confirm again in 7 s (attempt 4); 2 more wait. It is CONFIRMED once every branch has answered.',
    );
    const late = branches.map((one) => ({ ...one, work: waiting('cancel', -1_000) }));
    expect(nextOf(subject('CANCELLING', { branches: late, needsAttention: true }), NOW)).to.equal(
      'payment is asked to cancel again as soon as there is room for the call (attempt 10); 3 more wait. It is CANCELLED once every branch has answered, or is resolved by hand.',
    );
  });

  it('is nothing where it is over, and then what is left for a person', () => {
    const item = { sku: 'S', warehouse: 'default', quantity: 2, state: 'DEDUCTED', deducted: 2, refunded: 0 } as const;
    expect(nextOf(subject('CONFIRMED', { items: [item] }), NOW)).to.contain('may still be refunded');
    expect(nextOf(subject('CONFIRMED', { items: [{ ...item, refunded: 2 }] }), NOW)).to.equal('Nothing: it is done.');
    expect(nextOf(subject('CANCELLED'), NOW)).to.equal('Nothing: it is over, and holds nothing.');
    expect(nextOf(subject('CANCELLED', { reason: 'cancelled-before-try' }), NOW)).to.contain('will be refused');
    const branches = [branch('payment', { state: 'CANCELLED', needsAttention: true, resolved: true })];
    expect(nextOf(subject('CONFIRMED', { branches, needsAttention: true }), NOW)).to.equal(
      'Nothing happens by itself any more. By an operator’s word payment is CANCELLED, while the transaction is CONFIRMED: that must be set right by hand.',
    );
  });
});

describe('why a transaction is not further', () => {
  it('is who failed, how often and how', () => {
    const failing = (name: string, attempts: number) =>
      branch(name, { work: waiting('confirm', 1), attempts, lastError: '503: out of order' });
    const branches = [failing('payment', 1), failing('shipping', 4), branch('mail', { state: 'CONFIRMED', lastError: 'old' })];
    expect(whyOf(subject('CONFIRMING', { branches }), NOW)).to.equal(
      'payment failed (1 attempt; last: 503: out of order) and shipping failed (4 attempts; last: 503: out of order).',
    );
    const many = ['a', 'b', 'c', 'd', 'e'].map((name) => failing(name, 2));
    expect(whyOf(subject('CONFIRMING', { branches: many }), NOW)).to.match(
      /^a failed .*, b failed .*, c failed .* and 2 more\.$/,
    );
  });
  it('is who has not answered, or has asked for time', () => {
    const asked = branch('payment', { work: { kind: 'under-way', phase: 'cancel' } });
    expect(whyOf(subject('CANCELLING', { branches: [asked] }), NOW)).to.equal('payment has not answered yet.');
    const later = branch('payment', { work: waiting('cancel', 1) });
    expect(whyOf(subject('CANCELLING', { branches: [later] }), NOW)).to.equal('payment said: not yet.');
    const tried = branch('mail', { state: 'TRIED', lastError: 'of before' });
    const open = branch('payment', { state: 'REGISTERED', work: { kind: 'under-way', phase: 'try' } });
    expect(whyOf(subject('TRYING', { branches: [tried, open] }), NOW)).to.equal('payment has not answered yet.');
  });
});

describe('a duration', () => {
  it('is told in its two largest units, rounded to seconds', () => {
    const told = [0, 400, 1_600, 60_000, 125_000, 3_600_000, 3_725_000, 90_000_000, 86_400_000].map(duration);
    expect(told).to.deep.equal(['1 s', '1 s', '2 s', '1 min', '2 min 5 s', '1 h', '1 h 2 min', '1 d 1 h', '1 d']);
  });
});
