// Owns the tests of what the console works out of figures: sums over processes, rates between two readings, quantiles.
import { expect } from 'chai';
import { processesIn, quantileOf } from '../../src/console/figures.ts';
import { overviewOf } from '../../src/console/overview.ts';
import { participantFigures } from '../../src/console/participants.ts';
import { liveOf, newlyCounted, riseOf } from '../../src/console/rates.ts';
import type { Figures, HistogramSeries, NumberSeries } from '../../src/telemetry/snapshot.ts';

type All = Figures['series'];

const figures = (at: number, series: All): Figures => ({ at, series });
const number = (value: number, labels: Readonly<Record<string, string>> = {}, worker = '1'): NumberSeries => ({
  labels: { ...labels, worker },
  value,
});
/** @param counts the first buckets; the others are empty */
const histogram = (counts: readonly number[], labels: Readonly<Record<string, string>> = {}, worker = '1'): HistogramSeries => {
  const count = counts.reduce((sum, one) => sum + one, 0);
  return { labels: { ...labels, worker }, count, sum: count, counts: [...counts, ...Array(14 - counts.length).fill(0)] };
};

describe('quantiles from buckets', () => {
  it('lie evenly within a bucket, as Prometheus has it', () => {
    expect(quantileOf([1, 2, 4], [0, 10, 0, 0], 0.5)).to.equal(1.5);
    expect(quantileOf([1, 2, 4], [10, 10, 10, 0], 0.5)).to.equal(1.5);
    expect(quantileOf([1, 2, 4], [10, 10, 10, 0], 1)).to.equal(4);
    expect(quantileOf([1, 2, 4], [4, 0, 0, 0], 0.25)).to.equal(0.25);
  });
  it('pass over empty buckets', () => {
    expect(quantileOf([1, 2, 4], [1, 0, 1, 0], 0.5)).to.equal(1);
    expect(quantileOf([1, 2, 4], [1, 0, 1, 0], 0.75)).to.equal(3);
  });
  it('are the last bound where they lie beyond it, and none where nothing was counted', () => {
    expect(quantileOf([1, 2, 4], [1, 0, 0, 99], 0.99)).to.equal(4);
    expect(quantileOf([1, 2, 4], [0, 0, 0, 0], 0.5)).to.equal(null);
    expect(quantileOf([1, 2], [], 0.5)).to.equal(null);
  });
});

describe('what rose between two readings', () => {
  const name = 'holdfast_shortages_total';

  it('is added up over series and processes', () => {
    const before = figures(0, { [name]: [number(5), number(7, {}, '2')] });
    const after = figures(1000, { [name]: [number(6), number(9, {}, '2')] });
    expect(riseOf(before, after, name)).to.equal(3);
  });
  it('begins anew at 0 with a process that was replaced', () => {
    expect(riseOf(figures(0, { [name]: [number(500)] }), figures(1000, { [name]: [number(4)] }), name)).to.equal(4);
  });
  it('counts a series that is new whole, but none of a process that was not heard of before', () => {
    const states = 'holdfast_transactions_total';
    const before = figures(0, { [states]: [number(1, { state: 'TRIED' })] });
    const after = figures(1000, {
      [states]: [number(1, { state: 'TRIED' }), number(3, { state: 'CONFIRMED' }), number(99, { state: 'TRIED' }, '2')],
    });
    expect(riseOf(before, after, states)).to.equal(3);
  });
  it('is taken from histograms bucket by bucket', () => {
    const command = { command: 'try', outcome: 'ok' };
    const durations = 'holdfast_command_duration_seconds';
    const [series] = newlyCounted(
      figures(0, { [durations]: [histogram([1, 2], command)] }),
      figures(1000, { [durations]: [histogram([1, 5, 1], command)] }),
      durations,
    );
    expect([series?.count, series?.counts.slice(0, 4)]).to.deep.equal([4, [0, 3, 1, 0]]);
  });
});

describe('the live figures of a second', () => {
  const requests = 'http_server_request_duration_seconds';
  const route = (path: string, status = '200') => ({ http_route: path, http_response_status_code: status });
  const live = liveOf(
    figures(10_000, {
      [requests]: [histogram([10], route('/v1/transactions')), histogram([50], route('/console/api/overview'))],
      holdfast_command_duration_seconds: [histogram([3], { command: 'try', outcome: 'ok' })],
      holdfast_transactions_total: [number(10, { state: 'CANCELLED', reason: 'expired' })],
      holdfast_stock_units_total: [number(100, { move: 'reserved' })],
    }),
    figures(12_000, {
      [requests]: [
        histogram([20, 0, 0, 10], route('/v1/transactions')),
        histogram([90], route('/console/api/overview')),
        histogram([0, 2], route('/v1/batch', '503')),
      ],
      holdfast_command_duration_seconds: [
        histogram([5], { command: 'try', outcome: 'ok' }),
        histogram([4], { command: 'try', outcome: 'insufficient-stock' }),
        histogram([9], { command: 'confirm', outcome: 'ok' }),
      ],
      holdfast_transactions_total: [
        number(13, { state: 'CANCELLED', reason: 'expired' }),
        number(5, { state: 'CANCELLED', reason: 'requested' }),
        number(8, { state: 'CONFIRMED', reason: '' }),
      ],
      holdfast_stock_units_total: [number(107, { move: 'reserved' }), number(4, { move: 'deducted' })],
      holdfast_lane_depth: [number(3, { lane: 'demand' }), number(4, { lane: 'demand' }, '2')],
      holdfast_transactions_open: [number(6, { state: 'TRIED' }), number(2, { state: 'CONFIRMING' })],
      holdfast_transactions_needing_attention: [number(1)],
      holdfast_ledger_drift: [number(-2, { counter: 'available' }), number(1, { counter: 'reserved' })],
    }),
  );

  it('are rates of what callers asked, each second', () => {
    expect(live).to.include({ at: '1970-01-01T00:00:12.000Z', requestsPerS: 11, errorsPerS: 1 });
    expect(live).to.include({ triesPerS: 3, confirmsPerS: 4, cancelsPerS: 2.5, expiriesPerS: 1.5 });
    expect(live).to.include({ reservedPerS: 3.5, deductedPerS: 2 });
  });
  it('tell how long callers waited in these seconds, and how things stand at their end', () => {
    expect(live.p50Ms).to.be.within(0, 2.5);
    expect(live.p99Ms).to.be.within(5, 10);
    expect(live).to.include({ laneDepth: 7, open: 8, needsAttention: 1, drift: 3 });
  });
  it('tell nothing that nobody measured', () => {
    const empty = liveOf(figures(0, {}), figures(1000, {}));
    expect(empty).to.include({ p50Ms: null, p99Ms: null, drift: null, requestsPerS: 0, laneDepth: 0, open: 0 });
  });
});

describe('the overview', () => {
  const instance = { version: '1.2.3', uptimeMs: 4.6, health: { postgres: 'up', redis: 'off' } } as const;

  it('adds up what each process has of its own, and takes what the ledger tells once', () => {
    const overview = overviewOf(
      figures(5, {
        holdfast_transactions_open: [number(6, { state: 'TRIED' }), number(6, { state: 'TRIED' }, '2')],
        holdfast_transactions_oldest_age_seconds: [number(1.5, { state: 'TRIED' }), number(3, { state: 'TRIED' }, '2')],
        holdfast_expiry_lag_seconds: [number(2)],
        holdfast_expiry_backlog: [number(9)],
        holdfast_lane_depth: [number(3, { lane: 'demand' }), number(4, { lane: 'demand' }, '2')],
        holdfast_lane_limit: [number(10, { lane: 'demand' }), number(10, { lane: 'demand' }, '2')],
        db_client_connection_max: [number(4, { db_client_connection_pool_name: 'reads' })],
        db_client_connection_count: [
          number(1, { db_client_connection_pool_name: 'reads', db_client_connection_state: 'used' }),
          number(2, { db_client_connection_pool_name: 'reads', db_client_connection_state: 'idle' }),
        ],
        holdfast_timer_jobs: [number(7, { queue: 'deadlines', state: 'delayed' })],
        holdfast_ledger_drift: [number(0, { counter: 'available' })],
      }),
      instance,
    );
    expect(overview).to.deep.equal({
      at: '1970-01-01T00:00:00.005Z',
      version: '1.2.3',
      uptimeMs: 5,
      health: instance.health,
      transactions: {
        open: { TRYING: 0, TRIED: 6, CONFIRMING: 0, CANCELLING: 0 },
        oldestAgeS: { TRYING: 0, TRIED: 3, CONFIRMING: 0, CANCELLING: 0 },
        needsAttention: 0,
      },
      expiry: { lagS: 2, backlog: 9 },
      drift: 0,
      lanes: [{ lane: 'demand', depth: 7, limit: 20 }],
      pools: [{ pool: 'reads', used: 1, idle: 2, max: 4, waiting: 0 }],
      timers: [{ queue: 'deadlines', delayed: 7, waiting: 0, active: 0, failed: 0 }],
      workers: 2,
    });
  });
  it('is there where there are no figures', () => {
    const overview = overviewOf(figures(5, {}), instance);
    expect(overview).to.deep.include({ drift: null, lanes: [], pools: [], timers: [], workers: 0 });
    expect(processesIn(figures(5, {})).size).to.equal(0);
  });
});

describe('the figures of a participant', () => {
  it('are its own, over all processes, with the worst breaker', () => {
    const ours = { participant: 'payment' };
    const told = participantFigures(
      figures(5, {
        holdfast_participant_breaker_state: [number(0, ours), number(2, ours, '2'), number(1, { participant: 'other' })],
        holdfast_participant_queue_depth: [number(1, ours), number(2, ours, '2')],
        holdfast_branches_waiting: [number(5, ours)],
        holdfast_branch_attempts_total: [
          number(3, { ...ours, phase: 'try', outcome: 'done' }),
          number(4, { ...ours, phase: 'confirm', outcome: 'done' }, '2'),
          number(1, { ...ours, phase: 'try', outcome: 'not-yet' }),
          number(9, { participant: 'other', phase: 'try', outcome: 'failed' }),
        ],
        holdfast_branch_attempt_duration_seconds: [histogram([0, 0, 0, 0, 10], { ...ours, phase: 'try' })],
      }),
      'payment',
    );
    expect(told).to.deep.include({ breaker: 'open', queueDepth: 3, inFlight: 0, waiting: 5, overdue: 0 });
    expect(told.attempts).to.deep.equal({ done: 7, refused: 0, notYet: 1, failed: 0 });
    expect(told.p99Ms).to.be.within(10, 25);
  });
  it('are none where it was never called', () => {
    expect(participantFigures(figures(5, {}), 'payment')).to.deep.include({ breaker: null, p99Ms: null });
  });
});
