// Owns the calls about transactions: what each sends, and why sending it again is safe.
import type { Page, Transaction, TransactionBrief, TransactionWithHistory } from './answers.ts';
import { HoldfastError, type ProblemDocument } from './errors.ts';
import { eachOf } from './pages.ts';
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
import { areResults, isPage, isTransaction } from './shapes.ts';
import { pathOf, type Send } from './transport.ts';
import { uuid7 } from './uuid7.ts';

/** What a decision is answered with, as its options have it. */
export type AnswerTo<Options extends DecisionOptions> = 'return' extends keyof Options
  ? AnswerIn<Options['return']>
  : Transaction;
type AnswerIn<Form> = [Form] extends ['minimal']
  ? TransactionBrief
  : 'minimal' extends Form
    ? TransactionBrief | Transaction
    : Transaction;

/** One operation's own answer; `id` is what it was sent under. */
export type OperationResult<Answer extends TransactionBrief = Transaction> =
  | { readonly ok: true; readonly id: string; readonly status: number; readonly replayed: boolean; readonly transaction: Answer }
  | {
      readonly ok: false;
      readonly id: string;
      readonly status: number;
      readonly replayed: boolean;
      readonly error: HoldfastError;
    };

interface RawResult {
  readonly status: number;
  readonly replayed: boolean;
  readonly body: unknown;
}

/** The id makes a repeat harmless (rule 2), so there is one before the first attempt. */
export async function tryBasket(send: Send, basket: Basket, options: DecisionOptions): Promise<Transaction> {
  const id = basket.id ?? uuid7();
  return decide(send, '/v1/transactions', id, { ...basket, id }, options);
}

/** Confirm and cancel are idempotent by themselves (rule 3). */
export async function move(
  send: Send,
  kind: 'confirm' | 'cancel',
  id: string,
  body: Confirmation & Cancellation,
  options: DecisionOptions,
): Promise<Transaction> {
  const path = kind === 'confirm' ? pathOf`/v1/transactions/${id}/confirm` : pathOf`/v1/transactions/${id}/cancel`;
  return decide(send, path, id, hasContent(body) ? body : undefined, options);
}

async function decide(send: Send, path: string, id: string, json: unknown, options: DecisionOptions): Promise<Transaction> {
  const { waitSeconds } = options;
  const call = { method: 'POST', path, headers: preferences(options), json, repeat: 'freely', ids: [id] } as const;
  const answer = await send({ ...call, isAnswer: isTransaction, waitSeconds, options });
  return answer.body as Transaction;
}

/** The deadline counts from now: a repeat moves it on by what the first attempt took. */
export async function extend(send: Send, id: string, timeoutMs: number, options: CallOptions): Promise<Transaction> {
  const path = pathOf`/v1/transactions/${id}/extend`;
  const call = { method: 'POST', path, json: { timeoutMs }, repeat: 'freely', ids: [id] } as const;
  const answer = await send({ ...call, isAnswer: isTransaction, options });
  return answer.body as Transaction;
}

/** Always under an id of its own, which makes a repeat harmless. */
export async function refund(send: Send, id: string, refund: Refund, options: CallOptions): Promise<Transaction> {
  const path = pathOf`/v1/transactions/${id}/refund`;
  const refundId = refund.id ?? uuid7();
  const json = { ...refund, id: refundId };
  const call = { method: 'POST', path, json, repeat: 'freely', ids: [refundId] } as const;
  const answer = await send({ ...call, isAnswer: isTransaction, options });
  return answer.body as Transaction;
}

export async function getTransaction(send: Send, id: string, options: WaitOptions): Promise<TransactionWithHistory> {
  const { waitSeconds } = options;
  const path = pathOf`/v1/transactions/${id}`;
  const call = { method: 'GET', path, headers: preferences({ waitSeconds }), repeat: 'freely', ids: [id] } as const;
  const answer = await send({ ...call, isAnswer: isTransaction, waitSeconds, options });
  return answer.body as TransactionWithHistory;
}

export function listTransactions(send: Send, filter: TransactionFilter): AsyncGenerator<Transaction, void, undefined> {
  const { signal, timeoutMs, traceparent, pageSize, ...wanted } = filter;
  const options = { signal, timeoutMs, traceparent };
  return eachOf(async (cursor) => {
    const query = { ...wanted, limit: pageSize, cursor };
    const answer = await send({ method: 'GET', path: '/v1/transactions', query, repeat: 'freely', isAnswer: isPage, options });
    return answer.body as Page<Transaction>;
  });
}

/** Every Try in it has an id, and all else is idempotent: the whole may be sent again. */
export async function batch(
  send: Send,
  operations: readonly Operation[],
  options: DecisionOptions,
): Promise<OperationResult<Transaction>[]> {
  const named = operations.map((operation) => ({ ...operation, id: operation.id ?? uuid7() }));
  const ids = named.map(({ id }) => id);
  const json = { operations: named };
  const headers = preferences(options);
  const { waitSeconds } = options;
  const path = '/v1/batch';
  const isAnswer = areResults(ids.length);
  const answer = await send({ method: 'POST', path, headers, json, repeat: 'freely', ids, isAnswer, waitSeconds, options });
  return (answer.body as { results: RawResult[] }).results.map((result, index) => resultOf(result, ids[index] ?? ''));
}

function resultOf({ status, replayed, body }: RawResult, id: string): OperationResult<Transaction> {
  if (status < 400) return { ok: true, id, status, replayed, transaction: body as Transaction };
  const problem = body as ProblemDocument;
  const isUnknown = problem.code === 'database-unavailable' || problem.code === 'internal-error';
  const outcome = isUnknown ? 'unknown' : 'nothing-done';
  return { ok: false, id, status, replayed, error: new HoldfastError(problem, { status, ids: [id], outcome }) };
}

/** For operators. Trying a branch now, or settling it the same way again, is answered the same each time. */
export async function intervene(
  send: Send,
  id: string,
  resolution: Resolution | null,
  options: CallOptions,
): Promise<Transaction> {
  const path = resolution === null ? pathOf`/v1/transactions/${id}/retry` : pathOf`/v1/transactions/${id}/resolve`;
  const json = resolution ?? undefined;
  const call = { method: 'POST', path, json, repeat: 'freely', ids: [id] } as const;
  return (await send({ ...call, isAnswer: isTransaction, options })).body as Transaction;
}

/** RFC 7240. */
function preferences({ waitSeconds, return: form }: DecisionOptions): Record<string, string> {
  const wanted = [waitSeconds === undefined ? [] : `wait=${waitSeconds}`, form === undefined ? [] : `return=${form}`].flat();
  return wanted.length === 0 ? {} : { prefer: wanted.join(', ') };
}

function hasContent(body: object): boolean {
  return Object.values(body).some((value) => value !== undefined);
}
