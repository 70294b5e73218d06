// Owns answers of the console's API as its page may get them, for a server that stands in for the coordinator.

export const TRANSACTION_ID = '0193b0a4-7c1e-7d00-8000-00000000a1b2';
export const BRANCH_ID = '0193b0a4-7c1e-7d00-8000-0000000000b1';
export const SKU = 'SHOE-42/RED';
export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const error = '503 Service Unavailable: the ledger of payments is being moved';

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

const branch = {
  id: BRANCH_ID,
  participant: 'payment',
  state: 'TRIED',
  phase: 'confirm',
  attempts: 7,
  nextAttemptAt: new Date(Date.now() + 42_000).toISOString(),
  lastError: error,
  needsAttention: true,
};

export function transaction() {
  return {
    id: TRANSACTION_ID,
    state: 'CONFIRMING',
    reason: null,
    note: null,
    needsAttention: true,
    items: [
      { sku: SKU, warehouse: 'default', quantity: 2, state: 'DEDUCTED', deducted: 2, refunded: 0 },
      { sku: 'SOCK-1', warehouse: 'north', quantity: 1, state: 'DEDUCTED', deducted: 1, refunded: 0 },
    ],
    branches: [branch],
    reference: 'order-1001',
    metadata: { channel: 'web', basket: ['<b>not markup</b>'] },
    createdAt: ago(2_000),
    expiresAt: ago(1_100),
    updatedAt: ago(1_961),
  };
}

export function transactionStory() {
  const attempt = (n: number) => ({
    ...{ at: ago(1_961 - 200 * n), phase: 'confirm', attempt: n, outcome: 'failed', status: 503, error, durationMs: 812 },
  });
  const event = (seconds: number, name: string, from: string | null, to: string, detail?: object) => ({
    ...{ at: ago(seconds), event: name, from, to },
    ...(detail === undefined ? {} : { detail }),
  });
  return {
    transaction: transaction(),
    history: [
      event(2_000, 'TRY', null, 'TRYING'),
      event(1_999.8, 'ATTEMPT_TRY', 'REGISTERED', 'TRIED', { participant: 'payment', attempt: 1, outcome: 'done', status: 200 }),
      event(1_999.7, 'BRANCHES_TRIED', 'TRYING', 'TRIED'),
      event(1_961, 'CONFIRM', 'TRIED', 'CONFIRMING'),
      event(1_761, 'ATTEMPT_CONFIRM', 'TRIED', 'TRIED', {
        participant: 'payment',
        attempt: 1,
        outcome: 'failed',
        status: 503,
        error,
      }),
      event(900, 'RETRY', 'CONFIRMING', 'CONFIRMING', { by: 'Ada', note: 'payment says that it is back' }),
    ],
    branches: [
      {
        ...branch,
        resolved: false,
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
        underWay: false,
        log: [1, 2, 3, 4, 5, 6, 7].map(attempt),
      },
    ],
    next: 'payment is asked to confirm again in 42 s, and then every 60 s until it does.',
  };
}

export function stuck() {
  return {
    items: [
      {
        ...{ id: TRANSACTION_ID, reference: 'order-1001', state: 'CONFIRMING', since: ago(1_961), needsAttention: true },
        why: 'payment has not carried out the confirm after 7 attempts; the last reply was 503.',
        next: 'payment is asked again in 42 s. Nothing else is needed where it comes back.',
        branches: [branch],
      },
    ],
    nextCursor: null,
  };
}

export function due() {
  const item = (n: number) => ({
    ...{ id: `0193b0a4-7c1e-7d00-8000-${String(n).padStart(12, '0')}`, reference: n % 2 === 0 ? `order-${n}` : null },
    ...{ expiresAt: new Date(Date.now() + n * 37_000).toISOString(), state: 'TRIED' },
  });
  return { dueNow: 4, items: [1, 2, 3].map(item) };
}

export function stockStory() {
  const holder = { transactionId: TRANSACTION_ID, reference: 'order-1002', warehouse: 'default', quantity: 3, state: 'TRIED' };
  return {
    sku: SKU,
    warehouses: [
      { warehouse: 'default', available: 47, reserved: 3, deducted: 42, version: 91 },
      { warehouse: 'north', available: 0, reserved: 0, deducted: 0, version: 1 },
    ],
    holders: [{ ...holder, expiresAt: new Date(Date.now() + 400_000).toISOString() }],
    holdersMore: false,
    totals: [
      { warehouse: 'default', received: 100, writtenOff: 5, adjusted: -3, reservedNow: 3, deductedNow: 42, refunded: 2 },
      { warehouse: 'north', received: 0, writtenOff: 0, adjusted: 0, reservedNow: 0, deductedNow: 0, refunded: 0 },
    ],
  };
}

export function stockHistory() {
  const movement = { warehouse: 'default', movementId: '0193b0a4-7c1e-7d00-8000-0000000000f1' };
  const reservation = { warehouse: 'default', kind: 'RESERVATION', transactionId: TRANSACTION_ID };
  return {
    items: [
      {
        ...reservation,
        at: ago(60),
        quantity: 3,
        state: 'RESERVED',
        deducted: 0,
        refunded: 0,
        settledAt: null,
        transactionState: 'TRIED',
        reason: null,
      },
      {
        ...reservation,
        at: ago(2_000),
        quantity: 2,
        state: 'DEDUCTED',
        deducted: 2,
        refunded: 0,
        settledAt: ago(1_961),
        transactionState: 'CONFIRMING',
        reason: null,
      },
      { ...movement, at: ago(90_000), kind: 'ADJUST', quantity: -3, reason: 'counted by hand' },
      { ...movement, at: ago(300_000), kind: 'RECEIVE', quantity: 100, reason: null },
    ],
    nextCursor: null,
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
