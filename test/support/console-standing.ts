// Owns answers of the console's API about how an instance stands, as its page may get them.
import { ago } from './console-fixtures.ts';

export function overview() {
  return {
    at: ago(0),
    version: '0.1.0',
    uptimeMs: 273_000_000,
    health: { postgres: 'up', redis: 'down' },
    transactions: {
      open: { TRYING: 3, TRIED: 1_204, CONFIRMING: 2, CANCELLING: 0 },
      oldestAgeS: { TRYING: 0.4, TRIED: 812, CONFIRMING: 1_961, CANCELLING: null },
      needsAttention: 1,
    },
    expiry: { lagS: 0.2, backlog: 4 },
    drift: 0,
    lanes: [
      { lane: 'demand', depth: 320, limit: 10_000 },
      { lane: 'branches', depth: 8_900, limit: 10_000 },
    ],
    pools: [
      { pool: 'reads', used: 3, idle: 1, max: 4, waiting: 0 },
      { pool: 'lane', used: 1, idle: 0, max: 1, waiting: 0 },
    ],
    timers: [
      { queue: 'deadlines', delayed: 1_204, waiting: 0, active: 1, failed: 0 },
      { queue: 'attempts', delayed: 2, waiting: 0, active: 0, failed: 0 },
    ],
    workers: 2,
  };
}

export function liveSample(second: number) {
  const wave = (size: number, period: number): number => Math.round(size * (1.2 + Math.sin(second / period)) * 10) / 10;
  return {
    at: new Date(Date.now() + second).toISOString(),
    requestsPerS: wave(600, 9),
    errorsPerS: second % 17 === 0 ? 4 : 0,
    p50Ms: wave(3, 5),
    p99Ms: wave(20, 7),
    triesPerS: wave(300, 9),
    confirmsPerS: wave(250, 9),
    cancelsPerS: wave(20, 4),
    expiriesPerS: wave(5, 11),
    reservedPerS: wave(700, 9),
    deductedPerS: wave(500, 9),
    laneDepth: wave(40, 3),
    open: 1_209 + Math.round(wave(50, 8)),
    needsAttention: 1,
    drift: 0,
  };
}

export function participants() {
  const times = { timeoutMs: 3_000, maxConcurrency: 64, retry: { initialMs: 1_000, maxMs: 60_000, attentionAfter: 10 } };
  return {
    items: [
      {
        ...{ name: 'coupon', url: 'http://127.0.0.1:3002/coupon', ...times, breaker: 'closed', queueDepth: 0, inFlight: 3 },
        ...{ waiting: 0, overdue: 0, attempts: { done: 12_804, refused: 310, notYet: 40, failed: 12 }, p99Ms: 38 },
      },
      {
        ...{ name: 'payment', url: 'http://127.0.0.1:3001/payment', ...times, breaker: 'open', queueDepth: 41, inFlight: 0 },
        ...{ waiting: 41, overdue: 6, attempts: { done: 11_020, refused: 95, notYet: 0, failed: 460 }, p99Ms: 2_950 },
      },
      {
        ...{
          name: 'seat',
          url: 'http://127.0.0.1:3003/a/path/that/is/rather/long/for/a/phone',
          ...times,
          breaker: null,
          queueDepth: 0,
        },
        ...{ inFlight: 0, waiting: 0, overdue: 0, attempts: { done: 0, refused: 0, notYet: 0, failed: 0 }, p99Ms: null },
      },
    ],
  };
}
