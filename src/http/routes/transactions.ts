// Owns the routes under /v1/transactions: read, submit, reply.
import type { Express, Request, Response } from 'express';
import type { TransactionId } from '../../coordinator/model.ts';
import { isUnsettled } from '../../coordinator/patient.ts';
import type { TransactionFilter } from '../../coordinator/queries.ts';
import { problem } from '../../errors.ts';
import { MAX_BODY_BYTES, readJson } from '../body.ts';
import { cancelCommand, confirmCommand, extendCommand, refundCommand, tryCommand } from '../commands.ts';
import { type AppContext, idempotencyKeyOf, idOf, preferencesOf, sendBodyRefusal, traceparentOf } from '../context.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { heldBy } from '../holder.ts';
import { mayWait, patienceOf, submitWith } from '../patience.ts';
import { appliedHeaders } from '../preferences.ts';
import { readQuery, refusalOfQuery } from '../query.ts';
import { DEFAULT_LIMIT, TransactionsQuery } from '../query-schemas.ts';
import { renderPage, renderTransaction } from '../render.ts';
import { sendJson, sendProblem } from '../reply.ts';
import { accepted } from '../result.ts';
import { readsWithin, within } from '../tracer.ts';
import { sendVerdict } from '../verdict.ts';

export function addTransactionRoutes(app: Express, context: AppContext): void {
  app.post('/v1/transactions', (request, response) => tryTransaction(context, request, response));
  for (const decision of ['confirm', 'cancel'] as const) {
    app.post(`/v1/transactions/:id/${decision}`, (request, response) => decide(context, decision, request, response));
  }
  app.post('/v1/transactions/:id/extend', (request, response) => extendTransaction(context, request, response));
  app.post('/v1/transactions/:id/refund', (request, response) => refundTransaction(context, request, response));
  app.get('/v1/transactions', (request, response) => listTransactions(context, request, response));
  app.get('/v1/transactions/:id', (request, response) => showTransaction(context, request, response));
}

async function tryTransaction(context: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const key = idempotencyKeyOf(request);
  if (!key.ok) return sendProblem(request, response, key.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const preferences = preferencesOf(request);
  const { reply, waitS } = preferences;
  const command = tryCommand(body.value, key.value, reply, traceparentOf(request));
  if (!command.ok) return sendProblem(request, response, command.problem);
  const verdict = await submitWith(
    context,
    within(request, heldBy(context, request, command.value)),
    patienceOf(preferences, response),
  );
  const applied = appliedHeaders(reply, mayWait(command.value) ? waitS : null);
  sendVerdict(request, response, 'try', verdict, reply, applied);
}

/** Confirms or cancels. */
async function decide(context: AppContext, decision: 'confirm' | 'cancel', request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'optional');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const preferences = preferencesOf(request);
  const { reply, waitS } = preferences;
  const commandOf = decision === 'confirm' ? confirmCommand : cancelCommand;
  const command = commandOf(id.value, body.value, reply, traceparentOf(request));
  if (!command.ok) return sendProblem(request, response, command.problem);
  const verdict = await submitWith(context, within(request, command.value), patienceOf(preferences, response));
  sendVerdict(request, response, decision, verdict, reply, appliedHeaders(reply, waitS));
}

async function extendTransaction({ coordinator }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const command = extendCommand(id.value, body.value);
  if (!command.ok) return sendProblem(request, response, command.problem);
  sendVerdict(request, response, 'extend', await coordinator.submit(within(request, command.value)), 'whole');
}

async function refundTransaction({ coordinator }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'optional');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const key = idempotencyKeyOf(request);
  if (!key.ok) return sendProblem(request, response, key.problem);
  const command = refundCommand(id.value, body.value, key.value);
  if (!command.ok) return sendProblem(request, response, command.problem);
  sendVerdict(request, response, 'refund', await coordinator.submit(within(request, command.value)), 'whole');
}

/** Waits only where it is asked to: most readers want to know how it stands now. */
async function showTransaction({ queries, watch }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const preferences = preferencesOf(request);
  const reads = readsWithin(request, queries);
  let found = await reads.transaction(id.value);
  if (found !== null && preferences.waitS !== null && preferences.waitS > 0 && isUnsettled(found.transaction)) {
    const { waitMs, signal } = patienceOf(preferences, response);
    await watch.until(id.value, (transaction) => !isUnsettled(transaction), waitMs, signal());
    if (response.destroyed) return;
    // Whatever ended the wait: the history has gone on meanwhile.
    found = await reads.transaction(id.value);
  }
  if (found === null)
    return sendProblem(request, response, problem('unknown-transaction', `No transaction has the id ${id.value}.`));
  const headers = ['Cache-Control', 'no-store', ...appliedHeaders('whole', preferences.waitS)];
  sendJson(response, 200, renderTransaction(found.transaction, found.history), headers);
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
  const page = await readsWithin(request, queries).transactions(filter, limit, after.value);
  const next = page.next === null ? null : sealCursor('transactions', filter, page.next);
  const text = renderPage(
    page.items.map((transaction) => renderTransaction(transaction)),
    next,
  );
  sendJson(response, 200, text, ['Cache-Control', 'no-store']);
}
