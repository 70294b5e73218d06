// Owns the routes under /v1/transactions: read, submit, reply.
import type { Express, Request, Response } from 'express';
import type { Refused, ReplyForm, TransactionAccepted } from '../../coordinator/command.ts';
import type { TransactionId } from '../../coordinator/model.ts';
import type { TransactionFilter } from '../../coordinator/queries.ts';
import { problem } from '../../errors.ts';
import { MAX_BODY_BYTES, readJson } from '../body.ts';
import { cancelCommand, confirmCommand, extendCommand, refundCommand, tryCommand } from '../commands.ts';
import { type AppContext, headerOf, idempotencyKeyOf, idOf, sendBodyRefusal } from '../context.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { prefersMinimal } from '../headers.ts';
import { readQuery, refusalOfQuery } from '../query.ts';
import { renderOutcome, renderPage, renderTransaction, statusOf } from '../render.ts';
import { sendJson, sendProblem } from '../reply.ts';
import { accepted } from '../result.ts';
import { DEFAULT_LIMIT, TransactionsQuery } from '../schemas.ts';

type Move = 'confirm' | 'cancel' | 'extend' | 'refund';

export function addTransactionRoutes(app: Express, context: AppContext): void {
  app.post('/v1/transactions', (request, response) => tryTransaction(context, request, response));
  for (const move of ['confirm', 'cancel', 'extend', 'refund'] as const) {
    app.post(`/v1/transactions/:id/${move}`, (request, response) => moveTransaction(context, move, request, response));
  }
  app.get('/v1/transactions', (request, response) => listTransactions(context, request, response));
  app.get('/v1/transactions/:id', (request, response) => showTransaction(context, request, response));
}

async function tryTransaction({ coordinator }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const key = idempotencyKeyOf(request);
  if (!key.ok) return sendProblem(request, response, key.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const command = tryCommand(body.value, key.value, replyFormOf(request));
  if (!command.ok) return sendProblem(request, response, command.problem);
  sendVerdict(request, response, 'try', await coordinator.submit(command.value), command.value.reply);
}

async function moveTransaction({ coordinator }: AppContext, move: Move, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const body = await readJson(request, MAX_BODY_BYTES, move === 'extend' ? 'required' : 'optional');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const reply = move === 'confirm' || move === 'cancel' ? replyFormOf(request) : 'whole';
  const command = moveCommand(move, id.value, body.value, reply, request);
  if (!command.ok) return sendProblem(request, response, command.problem);
  sendVerdict(request, response, move, await coordinator.submit(command.value), reply);
}

function moveCommand(move: Move, id: TransactionId, body: unknown, reply: ReplyForm, request: Request) {
  switch (move) {
    case 'confirm':
      return confirmCommand(id, body, reply);
    case 'cancel':
      return cancelCommand(id, body, reply);
    case 'extend':
      return extendCommand(id, body);
    case 'refund': {
      const key = idempotencyKeyOf(request);
      return key.ok ? refundCommand(id, body, key.value) : key;
    }
  }
}

async function showTransaction({ queries }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const found = await queries.transaction(id.value);
  if (found === null)
    return sendProblem(request, response, problem('unknown-transaction', `No transaction has the id ${id.value}.`));
  sendJson(response, 200, renderTransaction(found.transaction, found.history), ['Cache-Control', 'no-store']);
}

async function listTransactions({ queries }: AppContext, request: Request, response: Response): Promise<void> {
  const query = readQuery(TransactionsQuery, request.url);
  if (!query.ok) return sendProblem(request, response, query.problem);
  const { limit = DEFAULT_LIMIT, cursor, ...named } = query.value;
  const filter: TransactionFilter = {
    state: named.state ?? null,
    sku: named.sku ?? null,
    reference: named.reference ?? null,
    needsAttention: named.needsAttention ?? null,
    createdAfter: named.createdAfter ?? null,
    createdBefore: named.createdBefore ?? null,
  };
  const after = cursor === undefined ? accepted(null) : openCursor('transactions', filter, cursor);
  if (!after.ok) return sendProblem(request, response, after.problem);
  const page = await queries.transactions(filter, limit, after.value);
  const next = page.next === null ? null : sealCursor('transactions', filter, page.next);
  const text = renderPage(
    page.items.map((transaction) => renderTransaction(transaction)),
    next,
  );
  sendJson(response, 200, text, ['Cache-Control', 'no-store']);
}

/** Answers with what became of a command on a transaction. */
function sendVerdict(
  request: Request,
  response: Response,
  kind: 'try' | Move,
  verdict: TransactionAccepted | Refused,
  reply: ReplyForm,
): void {
  const headers = verdict.replayed ? ['Idempotent-Replayed', 'true'] : [];
  if (!verdict.ok) {
    sendProblem(request, response, verdict.problem, headers);
    return;
  }
  const status = statusOf(kind, verdict);
  if (status === 201) headers.push('Location', `/v1/transactions/${verdict.transaction.id}`);
  if (status === 202) headers.push('Retry-After', '1');
  if (reply === 'minimal') headers.push('Preference-Applied', 'return=minimal');
  sendJson(response, status, renderOutcome(verdict.transaction, reply === 'minimal'), headers);
}

function replyFormOf(request: Request): ReplyForm {
  return prefersMinimal(headerOf(request, 'prefer')) ? 'minimal' : 'whole';
}
