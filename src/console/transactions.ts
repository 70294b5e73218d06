// Owns what the console reads of transactions: one with its whole story, what is stuck, and the next deadlines.
import type { Story } from '../coordinator/console-queries.ts';
import type { Branch, TransactionId } from '../coordinator/model.ts';
import type { Attempt, StoredTransaction } from '../coordinator/rows.ts';
import { type Express, idOf, type Request, type Response } from '../http/context.ts';
import { openCursor, sealCursor } from '../http/cursor.ts';
import { readQuery } from '../http/query.ts';
import { DEFAULT_LIMIT, LimitQuery, PageQuery } from '../http/query-schemas.ts';
import { moment, renderHistory, renderPage, renderTransaction } from '../http/render.ts';
import { sendProblem } from '../http/reply.ts';
import { accepted } from '../http/result.ts';
import { type ConsoleContext, plainRead, sendFresh, sendFreshText, sendUnknown } from './context.ts';
import { refusalOfRead } from './guard.ts';
import { nextOf, whyOf } from './next.ts';

export function addTransactionReads(app: Express, context: ConsoleContext): void {
  app.get(
    '/console/api/transactions/:id',
    plainRead((request, response) => showStory(context, request, response)),
  );
  app.get('/console/api/stuck', (request, response) => listStuck(context, request, response));
  app.get('/console/api/due', (request, response) => listDue(context, request, response));
}

async function showStory({ details, now }: ConsoleContext, request: Request, response: Response): Promise<void> {
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const story = await details.story(id.value);
  if (story === null) return sendUnknown(request, response, id.value);
  sendFreshText(response, renderStory(story, now()));
}

function renderStory({ transaction, history, attempts }: Story, now: number): string {
  const branches = transaction.branches.map((branch) => ({
    ...briefOf(branch),
    needsAttention: branch.needsAttention,
    resolved: branch.resolved,
    traceId: branch.traceparent.slice(3, 35),
    underWay: branch.work.kind === 'under-way',
    log: attempts.filter(({ branchId }) => branchId === branch.id).map(lineOf),
  }));
  return `{"transaction":${renderTransaction(transaction)},"history":${renderHistory(history)},"branches":${JSON.stringify(branches)},"next":${JSON.stringify(nextOf(transaction, now))}}`;
}

function briefOf({ id, participant, state, work, attempts, lastError }: Branch) {
  return {
    id,
    participant,
    state,
    phase: work.kind === 'none' ? null : work.phase,
    attempts,
    nextAttemptAt: work.kind === 'waiting' ? moment(work.at) : null,
    lastError,
  };
}

function lineOf({ at, phase, attempt, outcome, status, error, durationMs }: Attempt) {
  return { at: moment(at), phase, attempt, outcome, status, error, durationMs };
}

async function listStuck({ details, now }: ConsoleContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfRead(request.headers);
  if (refusal !== null) return sendProblem(request, response, refusal);
  const query = readQuery(PageQuery, request.url);
  if (!query.ok) return sendProblem(request, response, query.problem);
  const { limit = DEFAULT_LIMIT, cursor } = query.value;
  const after = cursor === undefined ? accepted(null) : openCursor('stuck', null, cursor);
  if (!after.ok) return sendProblem(request, response, after.problem);
  const page = await details.stuck(limit, after.value);
  const items = page.items.map((transaction) => JSON.stringify(stuckOf(transaction, now())));
  sendFreshText(response, renderPage(items, page.next === null ? null : sealCursor('stuck', null, page.next)));
}

function stuckOf(transaction: StoredTransaction, now: number) {
  const { id, reference, state, decidedAt, createdAt, needsAttention, branches } = transaction;
  return {
    id,
    reference,
    state,
    since: moment(decidedAt ?? createdAt),
    why: whyOf(transaction, now),
    next: nextOf(transaction, now),
    needsAttention,
    branches: branches.map(briefOf),
  };
}

async function listDue({ details }: ConsoleContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfRead(request.headers);
  if (refusal !== null) return sendProblem(request, response, refusal);
  const query = readQuery(LimitQuery, request.url);
  if (!query.ok) return sendProblem(request, response, query.problem);
  const { dueNow, items } = await details.deadlines(query.value.limit ?? DEFAULT_LIMIT);
  const lines = items.map(({ id, reference, expiresAt, state }) => ({ id, reference, expiresAt: moment(expiresAt), state }));
  sendFresh(response, { dueNow, items: lines });
}
