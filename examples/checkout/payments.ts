// Owns the money: what Try, Confirm and Cancel do to an account. Nothing here thinks of duplicates, of a Cancel without a Try
// or of a Try that comes too late: the library settles those before a handler is called.
import { type Participant, participant, refuse } from 'holdfast/participant';
import type { Pool } from 'pg';

export interface Payment {
  readonly card: string;
  readonly cents: number;
}

export interface Account {
  readonly card: string;
  readonly balanceCents: number;
  readonly heldCents: number;
}

/** One statement that checks and takes: two orders at once cannot both have the last money. */
const HOLD_MONEY = `
UPDATE account SET held_cents = held_cents + $2
WHERE card = $1 AND balance_cents - held_cents >= $2`;

const NOTE_CHARGE = `
INSERT INTO charge (branch_id, transaction_id, card, cents, state) VALUES ($1, $2, $3, $4, 'HELD')`;

const CAPTURE = `
WITH captured AS (
  UPDATE charge SET state = 'CAPTURED' WHERE branch_id = $1 AND state = 'HELD' RETURNING card, cents
)
UPDATE account SET balance_cents = balance_cents - captured.cents, held_cents = held_cents - captured.cents
FROM captured WHERE account.card = captured.card`;

const RELEASE = `
WITH released AS (
  UPDATE charge SET state = 'RELEASED' WHERE branch_id = $1 AND state = 'HELD' RETURNING card, cents
)
UPDATE account SET held_cents = held_cents - released.cents
FROM released WHERE account.card = released.card`;

const READ_ACCOUNT = 'SELECT card, balance_cents, held_cents FROM account WHERE card = $1';

/**
 * The routes /try, /confirm and /cancel. Everything is written through `client`: it stays, or goes, with the library's mark.
 * @param secrets what the coordinator signs its calls with; nobody else's are taken
 */
export function payments(pool: Pool, secrets: readonly string[]): Participant {
  return participant<Payment>({
    pool,
    secrets,
    parsePayload: readPayment,
    try: async ({ client, call }) => {
      const { card, cents } = call.payload;
      const held = await client.query(HOLD_MONEY, [card, cents]);
      if (held.rowCount === 0) return refuse('card-declined');
      await client.query(NOTE_CHARGE, [call.branchId, call.transactionId, card, cents]);
    },
    confirm: async ({ client, call }) => {
      const captured = await client.query(CAPTURE, [call.branchId]);
      // Answering "done" would hide a fault. An error is asked again, and in the end an operator sees it.
      if (captured.rowCount !== 1) throw new Error(`nothing is held for branch ${call.branchId}`);
    },
    cancel: async ({ client, call }) => {
      const released = await client.query(RELEASE, [call.branchId]);
      if (released.rowCount !== 1) throw new Error(`nothing is held for branch ${call.branchId}`);
    },
  });
}

/** @returns null where there is no such card */
export async function readAccount(pool: Pool, card: string): Promise<Account | null> {
  const { rows } = await pool.query<Record<'card' | 'balance_cents' | 'held_cents', string>>(READ_ACCOUNT, [card]);
  const [row] = rows;
  // node-postgres gives a bigint as text, because not every one fits a number; cents of one account do.
  return row === undefined
    ? null
    : { card: row.card, balanceCents: Number(row.balance_cents), heldCents: Number(row.held_cents) };
}

/** @throws Error, which refuses the Try: a payload that does not fit now will not fit later either */
function readPayment(payload: unknown): Payment {
  const { card, cents } = (payload ?? {}) as Partial<Record<keyof Payment, unknown>>;
  if (typeof card !== 'string' || card === '') throw new Error('card must be a text');
  if (typeof cents !== 'number' || !Number.isSafeInteger(cents) || cents < 1)
    throw new Error('cents must be a whole number from 1');
  return { card, cents };
}
