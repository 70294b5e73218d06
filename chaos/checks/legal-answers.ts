// Owns the table of legal answers about a transaction: what may be told to each kind of request, and at which stage of the
// transaction's life (docs: the contract, section 4, rules 1 to 8). What is not in it is a violation of I7.
import type { TransactionRow } from '../evidence/evidence.ts';
import type { OperationKind, OperationRecord, Outcome } from '../record.ts';
import { CLOCK_SLACK_MS } from './moments.ts';
import { membersOf, mergedQuantities, stockKey, type ToldTransaction } from './told.ts';
import type { Stage } from './transaction-life.ts';

export type Answer = Extract<Outcome, { readonly kind: 'answer' }>;

/** One answer, and what it must be seen beside. */
export interface Question {
  readonly operation: OperationRecord;
  readonly answer: Answer;
  /** Null where the body is not a transaction's. */
  readonly told: ToldTransaction | null;
  readonly row: TransactionRow | undefined;
  /** Of a Try: whether the row holds what it asked for; null where that cannot be told. */
  readonly isSame: boolean | null;
}

export interface LegalAnswer {
  readonly status: number;
  readonly code: string | null;
  readonly replayed: 'never' | 'maybe' | 'always';
  /** What else must be so, whatever became of the transaction. */
  readonly fits?: (question: Question) => boolean;
  /** Whether the answer may be given at this stage. */
  readonly shows: (stage: Stage, question: Question) => boolean;
  /** Where it is not replayed: whether this is the stage that the request itself led to. */
  readonly makes?: (stage: Stage, question: Question) => boolean;
}

/** The answer of the table that was given. Undefined where there is none such. */
export function legalAnswerOf(question: Question): LegalAnswer | undefined {
  const { answer, operation } = question;
  return [...(LEGAL[operation.kind] ?? []), ...BUSY].find(
    (legal) =>
      legal.status === answer.status &&
      legal.code === answer.code &&
      (legal.replayed === 'maybe' || answer.replayed === (legal.replayed === 'always')) &&
      (legal.fits?.(question) ?? true),
  );
}

/** Told in time that nobody knows: no promise about what became of it (contract, section 5). */
export function isBusy(answer: Answer): boolean {
  return answer.status === 503;
}

const anyStage = (): boolean => true;
const hasRetryAfter = ({ answer }: Question): boolean => answer.retryAfter !== null;
const BUSY: readonly LegalAnswer[] = ['overloaded', 'database-unavailable'].map((code) => {
  return { status: 503, code, replayed: 'never', fits: hasRetryAfter, shows: anyStage };
});

/** The least that a success says of a transaction is its state, and all that it says must be so. */
const shows =
  (...states: readonly string[]) =>
  (stage: Stage, { told, row }: Question): boolean =>
    told !== null && states.includes(stage.state) && isToldOf(stage, told, row);
/** Rule 2: a 2xx to a Try means held, or further: not past a deadline that nobody carried out yet. */
const showsHeld =
  (...states: readonly string[]) =>
  (stage: Stage, question: Question): boolean =>
    question.isSame !== false && shows(...states)(stage, question) && !wasOverWhenSent(stage, question);
const isAbsent = (stage: Stage): boolean => stage.state === 'ABSENT';
const isCause =
  (...causes: readonly Stage['cause'][]) =>
  (stage: Stage): boolean =>
    causes.includes(stage.cause);

function wasOverWhenSent({ state, expiresMs }: Stage, { operation }: Question): boolean {
  return isOpen(state) && expiresMs !== null && operation.sentMs > expiresMs + CLOCK_SLACK_MS;
}

function isOpen(state: string): boolean {
  return state === 'TRYING' || state === 'TRIED';
}

/** Rule 5: at or after the deadline, whether or not the release has run. */
function isExpired({ state, reason, expiresMs }: Stage, { operation }: Question): boolean {
  if (reason === 'expired') return true;
  return isOpen(state) && (expiresMs === null || operation.endedMs + CLOCK_SLACK_MS >= expiresMs);
}

/** Rule 7: the state that stands in the way is told. One that expired is 410 to those who would decide or extend it. */
function isInTheWay(stage: Stage, { answer }: Question): boolean {
  return stage.state === membersOf(answer.body).state && stage.reason !== 'expired';
}

const hasShortages = ({ answer }: Question): boolean => {
  const { shortages } = membersOf(answer.body);
  return Array.isArray(shortages) && shortages.length > 0 && shortages.every(({ requested, available }) => available < requested);
};
const hasBranches = ({ operation, row }: Question): boolean =>
  (operation.asked.branches?.length ?? 0) > 0 || (row?.branchCount ?? 0) > 0;

const LEGAL: Readonly<Partial<Record<OperationKind, readonly LegalAnswer[]>>> = {
  try: [
    { status: 201, code: null, replayed: 'never', shows: showsHeld('TRIED', 'CONFIRMING', 'CONFIRMED'), makes: isCause('try') },
    { status: 200, code: null, replayed: 'always', shows: showsHeld('TRIED', 'CONFIRMING', 'CONFIRMED') },
    { status: 202, code: null, replayed: 'maybe', fits: hasRetryAfter, shows: showsHeld('TRYING'), makes: isCause('try') },
    {
      ...refusal(409, 'insufficient-stock', 'maybe'),
      fits: hasShortages,
      shows: (stage, { isSame }) => stage.cause === 'refusal' && isSame !== false,
      makes: isCause('refusal'),
    },
    {
      ...refusal(409, 'participant-refused', 'maybe'),
      fits: hasBranches,
      shows: (stage, { isSame }) => stage.reason === 'participant-refused' && isSame !== false,
      makes: isCause('try'),
    },
    {
      // Rule 6: to the Try that comes after its cancel this is news, not a replay; and nothing was done by it.
      ...refusal(409, 'transaction-cancelled', 'never'),
      fits: ({ row }) => row?.reason === 'cancelled-before-try',
      shows: isCause('cancel-before-try'),
    },
    {
      ...refusal(409, 'transaction-cancelled', 'maybe'),
      shows: ({ reason }, { isSame }) => reason === 'requested' && isSame !== false,
      makes: isCause('try'),
    },
    {
      ...refusal(410, 'reservation-expired', 'maybe'),
      shows: (stage, question) => question.isSame !== false && isExpired(stage, question),
      makes: isCause('try'),
    },
    {
      ...refusal(422, 'idempotency-mismatch', 'never'),
      shows: (stage, { isSame }) => !isAbsent(stage) && stage.cause !== 'cancel-before-try' && isSame !== true,
    },
    { ...refusal(422, 'unknown-sku', 'never'), shows: isAbsent },
    { ...refusal(422, 'unknown-participant', 'never'), fits: hasBranches, shows: isAbsent },
  ],
  confirm: [...confirmAnswers()],
  'confirm-part': [
    ...confirmAnswers(),
    {
      ...refusal(409, 'quantity-exceeded', 'never'),
      shows: (stage, question) => stage.state === 'TRIED' && asksTooMuch(stage, question),
    },
    { ...refusal(400, 'invalid-request', 'never'), fits: hasBranches, shows: anyStage },
  ],
  cancel: [
    {
      ...{ status: 200, code: null, replayed: 'maybe', shows: shows('CANCELLED') },
      makes: isCause('decision', 'cancel-before-try'),
    },
    {
      ...{ status: 202, code: null, replayed: 'maybe', fits: hasRetryAfter, shows: shows('CANCELLING') },
      makes: isCause('decision'),
    },
    {
      ...refusal(409, 'invalid-transition', 'never'),
      shows: (stage, question) => stage.state.startsWith('CONFIRM') && isInTheWay(stage, question),
    },
  ],
  extend: [
    {
      status: 200,
      code: null,
      replayed: 'never',
      shows: shows('TRIED'),
      // Of several in one millisecond, the one whose deadline was told.
      makes: (stage, question) => stage.cause === 'extend' && shows('TRIED')(stage, question),
    },
    ...unknownOrExpired(),
    {
      ...refusal(409, 'invalid-transition', 'never'),
      shows: (stage, question) => stage.state !== 'TRIED' && isInTheWay(stage, question),
    },
  ],
  refund: [
    // Whose refund it was is a matter of the refund's own id: resolve.ts.
    { status: 200, code: null, replayed: 'maybe', shows: shows('CONFIRMED') },
    { ...refusal(404, 'unknown-transaction', 'never'), shows: isAbsent },
    {
      ...refusal(409, 'invalid-transition', 'never'),
      shows: (stage, question) => stage.state === membersOf(question.answer.body).state && stage.state !== 'CONFIRMED',
    },
    { ...refusal(409, 'quantity-exceeded', 'maybe'), shows: ({ state }) => state === 'CONFIRMED' },
    {
      ...refusal(422, 'idempotency-mismatch', 'never'),
      shows: ({ state }, { operation, row }) =>
        state === 'CONFIRMED' && (row?.refunds.some(({ id }) => id === operation.asked.id) ?? false),
    },
  ],
  get: [
    {
      ...{ status: 200, code: null, replayed: 'never' },
      shows: shows('TRYING', 'TRIED', 'CONFIRMING', 'CONFIRMED', 'CANCELLING', 'CANCELLED'),
    },
    { ...refusal(404, 'unknown-transaction', 'never'), shows: isAbsent },
  ],
};

function refusal<Replayed extends LegalAnswer['replayed']>(status: number, code: string, replayed: Replayed) {
  return { status, code, replayed };
}

function confirmAnswers(): readonly LegalAnswer[] {
  const showsSold =
    (state: string) =>
    (stage: Stage, question: Question): boolean =>
      shows(state)(stage, question) && isSoldAsAsked(stage, question.operation);
  return [
    { status: 200, code: null, replayed: 'maybe', shows: showsSold('CONFIRMED'), makes: isCause('decision') },
    {
      status: 202,
      code: null,
      replayed: 'maybe',
      fits: hasRetryAfter,
      shows: showsSold('CONFIRMING'),
      makes: isCause('decision'),
    },
    ...unknownOrExpired(),
    {
      ...refusal(409, 'invalid-transition', 'never'),
      fits: ({ answer }) => {
        const { state, retryable } = membersOf(answer.body);
        return (state === 'TRYING') === (retryable === true);
      },
      shows: (stage, question) => !stage.state.startsWith('CONFIRM') && stage.state !== 'TRIED' && isInTheWay(stage, question),
    },
    {
      ...refusal(422, 'idempotency-mismatch', 'never'),
      shows: (stage, { operation }) => stage.state.startsWith('CONFIRM') && !isSoldAsAsked(stage, operation),
    },
  ];
}

function unknownOrExpired(): readonly LegalAnswer[] {
  return [
    { ...refusal(404, 'unknown-transaction', 'never'), shows: isAbsent },
    { ...refusal(410, 'reservation-expired', 'never'), shows: isExpired },
  ];
}

/** Whether a stage of a confirmed transaction sold what a confirm asks for: these items, or all. */
export function isSoldAsAsked({ items }: Pick<Stage, 'items'>, { kind, asked }: OperationRecord): boolean {
  if (kind === 'confirm') return items.every(({ quantity, deducted }) => deducted === quantity);
  const quantities = mergedQuantities(asked.items ?? []);
  const isSold = items.every((item) => item.deducted === (quantities.get(stockKey(item)) ?? 0));
  return isSold && items.filter((item) => quantities.has(stockKey(item))).length === quantities.size;
}

function asksTooMuch({ items }: Stage, { operation }: Question): boolean {
  const held = new Map(items.map((item) => [stockKey(item), item.quantity]));
  return [...mergedQuantities(operation.asked.items ?? [])].some(([key, quantity]) => quantity > (held.get(key) ?? 0));
}

/** Whether a body is the transaction as it was at a stage, to the last quantity and the millisecond of each time. */
function isToldOf(stage: Stage, told: ToldTransaction, row: TransactionRow | undefined): boolean {
  if (told.state !== stage.state || row === undefined || told.id !== row.id) return false;
  const { whole } = told;
  if (whole === null) return true;
  const isInTime =
    isSameMs(whole.createdMs, row.createdMs) &&
    (stage.expiresMs === null || isSameMs(whole.expiresMs, stage.expiresMs)) &&
    // With branches, every one of their replies is an update.
    (row.branchCount > 0 || isSameMs(whole.updatedMs, stage.fromMs));
  return (
    isInTime &&
    whole.reason === stage.reason &&
    whole.branches === row.branchCount &&
    whole.items.length === stage.items.length &&
    whole.items.every((item, place) => isSameItem(item, stage.items[place]))
  );
}

function isSameMs(left: number, right: number): boolean {
  return Math.abs(left - right) < 1;
}

function isSameItem(left: Stage['items'][number], right: Stage['items'][number] | undefined): boolean {
  return (
    right !== undefined &&
    left.sku === right.sku &&
    left.warehouse === right.warehouse &&
    left.quantity === right.quantity &&
    left.state === right.state &&
    left.deducted === right.deducted &&
    left.refunded === right.refunded
  );
}
