// Owns the client that users hold: its calls, and what they promise.
import type { Transaction, TransactionWithHistory } from './answers.ts';
import { ParticipantCalls } from './participants.ts';
import type {
  Basket,
  CallOptions,
  Cancellation,
  Confirmation,
  DecisionOptions,
  Operation,
  Refund,
  Resolution,
  TransactionFilter,
  WaitOptions,
} from './requests.ts';
import { askUntil, isOnItsWay, POLL_WAIT_SECONDS } from './settled.ts';
import { StockCalls } from './stock.ts';
import {
  type AnswerTo,
  batch,
  extend,
  getTransaction,
  intervene,
  listTransactions,
  move,
  type OperationResult,
  refund,
  tryBasket,
} from './transactions.ts';
import { type ClientOptions, type Send, transport } from './transport.ts';
import { type Completed, wholeTransaction } from './whole-transaction.ts';

/**
 * Talks to a coordinator. Every call is repeated, within bounds, after a lost answer or a problem that is `retryable`, and only
 * where that is safe. Every call throws HoldfastError where the coordinator says no, HoldfastUnavailable where nothing usable is
 * answered in time, the reason of its signal where that is given, and TypeError for an id or name that cannot stand in a path.
 */
export class HoldfastClient {
  readonly stock: StockCalls;
  readonly participants: ParticipantCalls;
  readonly #send: Send;

  /**
   * @throws TypeError for a URL that is none, or that holds a password
   * @throws RangeError for times and counts that make no sense
   */
  constructor(options: ClientOptions) {
    this.#send = transport(options);
    this.stock = new StockCalls(this.#send);
    this.participants = new ParticipantCalls(this.#send);
  }

  /**
   * Reserves a basket, all or nothing. TRIED, or TRYING where it has branches that did not answer within `waitSeconds`.
   * @throws HoldfastError `insufficient-stock`, `participant-refused`, `unknown-sku`, `unknown-participant`;
   * `transaction-cancelled`, `reservation-expired` and `idempotency-mismatch` for an id that was used before
   */
  async try<const Options extends DecisionOptions = Record<never, never>>(
    basket: Basket,
    options?: Options,
  ): Promise<AnswerTo<Options>> {
    return (await tryBasket(this.#send, basket, options ?? {})) as AnswerTo<Options>;
  }

  /**
   * Sells what is held, or the part that is named, releasing the rest. CONFIRMED, or CONFIRMING: decided, and finished however
   * late. It may be repeated.
   * @throws HoldfastError `reservation-expired`, `invalid-transition`, `quantity-exceeded`, `unknown-transaction`
   */
  async confirm<const Options extends DecisionOptions = Record<never, never>>(
    id: string,
    confirmation: Confirmation = {},
    options?: Options,
  ): Promise<AnswerTo<Options>> {
    return (await move(this.#send, 'confirm', id, confirmation, options ?? {})) as AnswerTo<Options>;
  }

  /**
   * Releases what is held. An id that was never tried is cancelled too, and its Try will hold nothing. It may be repeated.
   * @throws HoldfastError `invalid-transition` where it was confirmed
   */
  async cancel<const Options extends DecisionOptions = Record<never, never>>(
    id: string,
    cancellation: Cancellation = {},
    options?: Options,
  ): Promise<AnswerTo<Options>> {
    return (await move(this.#send, 'cancel', id, cancellation, options ?? {})) as AnswerTo<Options>;
  }

  /**
   * Moves the deadline.
   * @param timeoutMs from now, in milliseconds: 100 to 86,400,000
   * @throws HoldfastError `reservation-expired`, `invalid-transition`, `unknown-transaction`
   */
  extend(id: string, timeoutMs: number, options: CallOptions = {}): Promise<Transaction> {
    return extend(this.#send, id, timeoutMs, options);
  }

  /**
   * Takes back what was sold: all that is left, or the items named.
   * @throws HoldfastError `quantity-exceeded`, `invalid-transition`, `unknown-transaction`
   */
  refund(id: string, details: Refund = {}, options: CallOptions = {}): Promise<Transaction> {
    return refund(this.#send, id, details, options);
  }

  /** @throws HoldfastError `unknown-transaction` */
  get(id: string, options: WaitOptions = {}): Promise<TransactionWithHistory> {
    return getTransaction(this.#send, id, options);
  }

  /**
   * Waits until a transaction is on its way no longer: TRIED, CONFIRMED or CANCELLED. It has no time limit of its own, because a
   * confirm is finished however late: give a `signal`. `timeoutMs` is for each question: a coordinator that is away for longer ends
   * it with HoldfastUnavailable.
   * @throws HoldfastError `unknown-transaction`
   */
  settled(id: string, options: CallOptions = {}): Promise<TransactionWithHistory> {
    const ask = () => getTransaction(this.#send, id, { ...options, waitSeconds: POLL_WAIT_SECONDS });
    return askUntil(ask, (state) => !isOnItsWay(state), options.signal);
  }

  /** Every transaction that fits, newest first; pages are read as they are needed. */
  list(filter: TransactionFilter = {}): AsyncGenerator<Transaction, void, undefined> {
    return listTransactions(this.#send, filter);
  }

  /**
   * Many at once, 1 to 1,000. Each stands alone: a refusal is an `error` in its place, and is not repeated. Those on one id take
   * effect in order.
   */
  async batch<const Options extends DecisionOptions = Record<never, never>>(
    operations: readonly Operation[],
    options?: Options,
  ): Promise<readonly OperationResult<AnswerTo<Options>>[]> {
    return (await batch(this.#send, operations, options ?? {})) as readonly OperationResult<AnswerTo<Options>>[];
  }

  /**
   * Holds a basket while `work` runs; confirms when it returns, cancels when it throws or the confirm cannot be sent (no key, say),
   * and throws that error on, with what a failed cancel threw as `suppressed`. Branches that are slow to try are waited for. `timeoutMs` is for each call within.
   * To confirm in part, make the calls yourself.
   * @throws what `try` throws, what `work` throws, what `confirm` is refused with
   * @throws HoldfastOutcomeUnknown where the answer to the confirm was lost; nothing is cancelled then
   * @throws HoldfastAlreadyDecided where the basket has an id that was confirmed before; `work` does not run then
   */
  transaction<Result>(
    basket: Basket,
    work: (held: Transaction) => Promise<Result> | Result,
    options: WaitOptions = {},
  ): Promise<Completed<Result>> {
    return wholeTransaction(this.#send, basket, work, options);
  }

  /** For operators: every branch of it that waits is tried now. */
  retry(id: string, options: CallOptions = {}): Promise<Transaction> {
    return intervene(this.#send, id, null, options);
  }

  /**
   * For operators: settles a branch that cannot settle itself.
   * @throws HoldfastError `invalid-transition` where the branch is settled, or nothing is decided yet
   */
  resolve(id: string, resolution: Resolution, options: CallOptions = {}): Promise<Transaction> {
    return intervene(this.#send, id, resolution, options);
  }
}
