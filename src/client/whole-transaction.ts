// Owns a whole transaction around a caller's work: Try, then the work, then Confirm, or Cancel where the work fails. It never
// cancels once a confirm was sent.
import type { Transaction } from './answers.ts';
import { HoldfastAlreadyDecided, type HoldfastCode, HoldfastError, HoldfastOutcomeUnknown } from './errors.ts';
import type { Basket, CallOptions, WaitOptions } from './requests.ts';
import { askUntil, POLL_WAIT_SECONDS } from './settled.ts';
import { move, tryBasket } from './transactions.ts';
import type { Send } from './transport.ts';
import { uuid7 } from './uuid7.ts';

export interface Completed<Result> {
  /** CONFIRMED, or CONFIRMING: decided, and finished however late. */
  readonly transaction: Transaction;
  /** What the work returned. */
  readonly result: Result;
}

/** How long a failed transaction may be held up by its own cancel, in milliseconds; the deadline releases anyway. */
const RELEASE_LIMIT_MS = 5_000;

/** Refusals once and for all: they speak of the transaction itself, whatever became of attempts that were lost before. */
const DECISIVE: readonly HoldfastCode[] = [
  'unknown-transaction',
  'invalid-transition',
  'transaction-cancelled',
  'reservation-expired',
  'quantity-exceeded',
  'idempotency-mismatch',
  'insufficient-stock',
  'participant-refused',
  'unknown-sku',
  'unknown-participant',
  'invalid-request',
];

/** See HoldfastClient.transaction. */
export async function wholeTransaction<Result>(
  send: Send,
  basket: Basket,
  work: (held: Transaction) => Promise<Result> | Result,
  options: WaitOptions,
): Promise<Completed<Result>> {
  const held = await hold(send, basket, options);
  let result: Result;
  try {
    result = await work(held);
    options.signal?.throwIfAborted();
  } catch (error) {
    attach(error, await release(send, held.id, options));
    throw error;
  }
  return { transaction: await confirm(send, held.id, options), result };
}

/** Tries, and waits on until it is held or refused: a Try sent again is answered from what became of the first (rule 2). */
async function hold(send: Send, basket: Basket, options: WaitOptions): Promise<Transaction> {
  const named = { ...basket, id: basket.id ?? uuid7() };
  let waitSeconds = options.waitSeconds;
  let isAnswered = false;
  const sending = watched(send);
  const ask = async (): Promise<Transaction> => {
    const answer = await tryBasket(sending.send, named, { ...options, waitSeconds });
    isAnswered = true;
    waitSeconds = POLL_WAIT_SECONDS;
    return answer;
  };
  let found: Transaction;
  try {
    found = await askUntil(ask, (state) => state !== 'TRYING', options.signal);
  } catch (error) {
    // It may hold stock that nobody will decide about. An id that the caller made is left alone where nothing was heard of it:
    // the caller may want to send it again, and a cancelled id holds nothing ever after (rule 6).
    const isOurs = isAnswered || basket.id === undefined;
    if (isOurs && sending.isSent() && !isRefusal(error)) attach(error, await release(send, named.id, options));
    throw error;
  }
  if (found.state !== 'TRIED') throw new HoldfastAlreadyDecided(found.id, found.state);
  return found;
}

/** Whether it says for certain that what was asked for did not happen. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof HoldfastError)) return false;
  return error.outcome === 'nothing-done' || (DECISIVE.includes(error.code) && !error.retryable);
}

async function confirm(send: Send, id: string, options: WaitOptions): Promise<Transaction> {
  const sending = watched(send);
  try {
    return await move(sending.send, 'confirm', id, {}, options);
  } catch (error) {
    if (!sending.isSent()) {
      // No key was to be had, or no header could carry what it was given: nobody was asked to sell anything.
      attach(error, await release(send, id, options));
      throw error;
    }
    throw isRefusal(error) ? error : new HoldfastOutcomeUnknown(id, error);
  }
}

/** Knows whether anything has left. */
function watched(send: Send): { readonly send: Send; readonly isSent: () => boolean } {
  let isSent = false;
  const onSent = (): void => {
    isSent = true;
  };
  return { send: (call) => send({ ...call, onSent }), isSent: () => isSent };
}

/**
 * Cancels, also where the caller's own signal has been given: what nobody wants should be released.
 * @returns what went wrong; undefined where nothing did
 */
async function release(send: Send, id: string, { traceparent }: CallOptions): Promise<unknown> {
  try {
    // Decided is enough: the branches are cancelled without anybody waiting for it.
    await move(send, 'cancel', id, {}, { traceparent, timeoutMs: RELEASE_LIMIT_MS, return: 'minimal', waitSeconds: 0 });
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Beside the error and not as its cause: that belongs to whoever made it. A frozen or primitive one stays as it is. */
function attach(error: unknown, suppressed: unknown): void {
  if (suppressed === undefined || typeof error !== 'object' || error === null) return;
  Reflect.defineProperty(error, 'suppressed', { value: suppressed, configurable: true, writable: true });
}
