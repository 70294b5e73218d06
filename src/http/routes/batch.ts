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
import type { Patience } from '../../coordinator/patient.ts';
import { DatabaseUnavailable } from '../../coordinator/queries.ts';
import { problem } from '../../errors.ts';
import { MAX_BATCH_BODY_BYTES, readJson } from '../body.ts';
import { cancelCommand, confirmCommand, tryCommand } from '../commands.ts';
import { type AppContext, preferencesOf, sendBodyRefusal, traceparentOf } from '../context.ts';
import { heldBy } from '../holder.ts';
import { refusalOfMore, UNLIMITED } from '../limits.ts';
import { patienceOf, submitWith } from '../patience.ts';
import { appliedHeaders } from '../preferences.ts';
import { refusalOfQuery } from '../query.ts';
import { renderOutcome, statusOf } from '../render.ts';
import { problemDocument, sendJson, sendProblem, traceIdOfRequest } from '../reply.ts';
import { invalidAt, type Result } from '../result.ts';
import { BatchBody } from '../schemas.ts';
import { logFieldsOf, within } from '../tracer.ts';
import { validate } from '../validate.ts';

type BatchCommand = TryCommand | ConfirmCommand | CancelCommand;

/** What the operations of one batch have in common. */
interface Caller {
  readonly context: AppContext;
  readonly reply: ReplyForm;
  readonly patience: Patience;
  /** When its wait is over, by performance.now(): one wait for all, however many follow one another. */
  readonly until: number;
  readonly traceId: string;
  readonly traceparent: string | null;
  readonly request: Request;
}

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
  const limited = await refusalOfMore(context.limits ?? UNLIMITED, request, batch.value.operations.length - 1);
  if (limited !== null) return sendProblem(request, response, limited);
  const preferences = preferencesOf(request);
  const { reply, waitS } = preferences;
  const patience = patienceOf(preferences, response);
  const until = performance.now() + patience.waitMs;
  const traceparent = traceparentOf(request);
  const caller: Caller = { context, reply, patience, until, traceId: traceIdOfRequest(request), traceparent, request };
  const results = await Promise.all(runInOrder(caller, batch.value.operations));
  sendJson(response, 200, `{"results":[${results.join(',')}]}`, appliedHeaders(reply, waitS));
}

/**
 * All at once: the coordinator shares one commit among them, and keeps the order of those on one id. Only a confirm may come to
 * be decided later than it was submitted, where it waits for a Try (rule 8); so what follows one on the same id follows its
 * verdict.
 */
function runInOrder(caller: Caller, operations: readonly unknown[]): readonly Promise<string>[] {
  const tails = new Map<TransactionId, Promise<string>>();
  return operations.map((operation) => {
    const command = commandOf(operation, caller);
    if (!command.ok) {
      return Promise.resolve(renderResult('try', { ok: false, replayed: false, problem: command.problem }, caller));
    }
    const { id, kind } = command.value;
    const before = tails.get(id);
    const result = before === undefined ? runOne(caller, command.value) : before.then(() => runOne(caller, command.value));
    if (before !== undefined || kind === 'confirm') tails.set(id, result);
    return result;
  });
}

/** @returns the operation's result as JSON text; never rejects, so that a fault of one does not take the others' answers away */
async function runOne(caller: Caller, command: BatchCommand): Promise<string> {
  const { context, patience, until, traceId, request } = caller;
  try {
    const waitMs = Math.max(0, until - performance.now());
    return renderResult(
      command.kind,
      await submitWith(context, within(request, heldBy(context, request, command)), { ...patience, waitMs }),
      caller,
    );
  } catch (error) {
    const isForeseen = error instanceof DatabaseUnavailable;
    if (!isForeseen) {
      const fields = { err: error, traceId, ...logFieldsOf(request), transactionId: command.id };
      context.log.error(fields, 'an operation of a batch failed unforeseen');
    }
    const refusal = isForeseen
      ? problem('database-unavailable', 'PostgreSQL does not answer; the same id may be sent again.')
      : problem('internal-error', 'An unforeseen fault; it is logged under the traceId.');
    return renderResult(command.kind, { ok: false, replayed: false, problem: refusal }, caller);
  }
}

function commandOf(operation: unknown, { reply, traceparent }: Caller): Result<BatchCommand> {
  if (typeof operation !== 'object' || operation === null || Array.isArray(operation)) return invalidAt('', 'must be an object');
  const { op, ...call } = operation as Record<string, unknown>;
  if (op === 'try') return tryCommand(call, null, reply, traceparent);
  if (op !== 'confirm' && op !== 'cancel') return invalidAt('op', 'must be one of try, confirm, cancel');
  const { id, ...body } = call;
  if (typeof id !== 'string' || !isUuid(id)) return invalidAt('id', 'must be a UUID');
  const transactionId = id.toLowerCase() as TransactionId;
  const decisionOf = op === 'confirm' ? confirmCommand : cancelCommand;
  return decisionOf(transactionId, body, reply, traceparent);
}

function renderResult(kind: BatchCommand['kind'], verdict: TransactionAccepted | Refused, { reply, traceId }: Caller): string {
  if (!verdict.ok) {
    const { status, text } = problemDocument(verdict.problem, traceId);
    return `{"status":${status},"replayed":${verdict.replayed},"body":${text}}`;
  }
  const text = renderOutcome(verdict.transaction, reply === 'minimal');
  return `{"status":${statusOf(kind, verdict)},"replayed":${verdict.replayed},"body":${text}}`;
}
