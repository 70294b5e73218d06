// Owns how the verdict on a command about a transaction is answered.
import type { Request, Response } from 'express';
import type { Refused, ReplyForm, TransactionAccepted } from '../coordinator/command.ts';
import { type Move, renderOutcome, statusOf } from './render.ts';
import { RETRY_AFTER_S, sendJson, sendProblem } from './reply.ts';

/**
 * Answers with what became of a command on a transaction.
 * @param applied the Preference-Applied header, where there is one
 */
export function sendVerdict(
  request: Request,
  response: Response,
  kind: Move,
  verdict: TransactionAccepted | Refused,
  reply: ReplyForm,
  applied: readonly string[] = [],
): void {
  const headers = verdict.replayed ? ['Idempotent-Replayed', 'true'] : [];
  if (!verdict.ok) {
    sendProblem(request, response, verdict.problem, headers);
    return;
  }
  const status = statusOf(kind, verdict);
  if (status === 201) headers.push('Location', `/v1/transactions/${verdict.transaction.id}`);
  if (status === 202) headers.push('Retry-After', RETRY_AFTER_S);
  headers.push(...applied);
  sendJson(response, status, renderOutcome(verdict.transaction, reply === 'minimal'), headers);
}
