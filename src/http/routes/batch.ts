// Owns POST /v1/batch: many operations in one request, each standing alone.
import type { Express, Request, Response } from 'express';
import type {
  CancelCommand,
  ConfirmCommand,
  Refused,
  ReplyForm,
  TransactionAccepted,
  TryCommand,
} from '../../coordinator/command.ts';
import { isUuid } from '../../coordinator/content.ts';
import type { TransactionId } from '../../coordinator/model.ts';
import { DatabaseUnavailable } from '../../coordinator/queries.ts';
import { problem } from '../../errors.ts';
import { MAX_BATCH_BODY_BYTES, readJson } from '../body.ts';
import { cancelCommand, confirmCommand, tryCommand } from '../commands.ts';
import { type AppContext, headerOf, sendBodyRefusal } from '../context.ts';
import { prefersMinimal } from '../headers.ts';
import { refusalOfQuery } from '../query.ts';
import { renderOutcome, statusOf } from '../render.ts';
import { problemDocument, sendJson, sendProblem, traceIdOfRequest } from '../reply.ts';
import { invalidAt, type Result } from '../result.ts';
import { BatchBody } from '../schemas.ts';
import { validate } from '../validate.ts';

type BatchCommand = TryCommand | ConfirmCommand | CancelCommand;

export function addBatchRoute(app: Express, context: AppContext): void {
  app.post('/v1/batch', (request, response) => runBatch(context, request, response));
}

async function runBatch(context: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const body = await readJson(request, MAX_BATCH_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const batch = validate(BatchBody, body.value);
  if (!batch.ok) return sendProblem(request, response, batch.problem);
  const reply = prefersMinimal(headerOf(request, 'prefer')) ? 'minimal' : 'whole';
  const traceId = traceIdOfRequest(request);
  // All at once: the coordinator shares one commit among them, and keeps the order of those on one id.
  const results = await Promise.all(batch.value.operations.map((operation) => runOperation(context, operation, reply, traceId)));
  const applied = reply === 'minimal' ? ['Preference-Applied', 'return=minimal'] : [];
  sendJson(response, 200, `{"results":[${results.join(',')}]}`, applied);
}

/** @returns the operation's result as JSON text; never rejects, so that a fault of one does not take the others' answers away */
async function runOperation(context: AppContext, operation: unknown, reply: ReplyForm, traceId: string): Promise<string> {
  const command = commandOf(operation, reply);
  if (!command.ok) return renderResult('try', { ok: false, replayed: false, problem: command.problem }, reply, traceId);
  try {
    return renderResult(command.value.kind, await context.coordinator.submit(command.value), reply, traceId);
  } catch (error) {
    const isForeseen = error instanceof DatabaseUnavailable;
    if (!isForeseen) context.log.error({ err: error, traceId }, 'an operation of a batch failed unforeseen');
    const refusal = isForeseen
      ? problem('database-unavailable', 'PostgreSQL does not answer; the same id may be sent again.')
      : problem('internal-error', 'An unforeseen fault; it is logged under the traceId.');
    return renderResult(command.value.kind, { ok: false, replayed: false, problem: refusal }, reply, traceId);
  }
}

function commandOf(operation: unknown, reply: ReplyForm): Result<BatchCommand> {
  if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) return invalidAt('', 'must be an object');
  const { op, ...call } = operation as Record<string, unknown>;
  if (op === 'try') return tryCommand(call, null, reply);
  if (op !== 'confirm' && op !== 'cancel') return invalidAt('op', 'must be one of try, confirm, cancel');
  const { id, ...body } = call;
  if (typeof id !== 'string' || !isUuid(id)) return invalidAt('id', 'must be a UUID');
  const transactionId = id.toLowerCase() as TransactionId;
  return op === 'confirm' ? confirmCommand(transactionId, body, reply) : cancelCommand(transactionId, body, reply);
}

function renderResult(
  kind: BatchCommand['kind'],
  verdict: TransactionAccepted | Refused,
  reply: ReplyForm,
  traceId: string,
): string {
  if (!verdict.ok) {
    const { status, text } = problemDocument(verdict.problem, traceId);
    return `{"status":${status},"replayed":${verdict.replayed},"body":${text}}`;
  }
  const text = renderOutcome(verdict.transaction, reply === 'minimal');
  return `{"status":${statusOf(kind, verdict)},"replayed":${verdict.replayed},"body":${text}}`;
}
