// Owns answers of the console's API as its page may get them, for a server that stands in for the coordinator.

export const TRANSACTION_ID = '0193b0a4-7c1e-7d00-8000-00000000a1b2';
export const BRANCH_ID = '0193b0a4-7c1e-7d00-8000-0000000000b1';
export const SKU = 'SHOE-42/RED';
export const ago = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

const error = '503 Service Unavailable: the ledger of payments is being moved';

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
