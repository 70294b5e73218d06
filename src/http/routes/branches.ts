// Owns what operators may do about a transaction whose branches do not settle by themselves: retry and resolve.
import type { Express, Request, Response } from 'express';
import type { ResolveCommand, RetryCommand } from '../../coordinator/command.ts';
import type { TransactionId } from '../../coordinator/model.ts';
import { addressOf } from '../address.ts';
import { MAX_BODY_BYTES, readJson } from '../body.ts';
import { type AppContext, idOf, sendBodyRefusal } from '../context.ts';
import { resolveCommand, retryCommand } from '../operator-commands.ts';
import { refusalOfQuery } from '../query.ts';
import { sendProblem } from '../reply.ts';
import type { Result } from '../result.ts';
import { within } from '../tracer.ts';
import { sendVerdict } from '../verdict.ts';

type CommandMaker = (id: TransactionId, body: unknown, by: string) => Result<RetryCommand | ResolveCommand>;

export function addBranchRoutes(app: Express, context: AppContext): void {
  app.post('/v1/transactions/:id/retry', (request, response) => intervene(context, 'optional', retryCommand, request, response));
  app.post('/v1/transactions/:id/resolve', (request, response) =>
    intervene(context, 'required', resolveCommand, request, response),
  );
}

async function intervene(
  { coordinator }: AppContext,
  need: 'required' | 'optional',
  commandOf: CommandMaker,
  request: Request,
  response: Response,
): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const body = await readJson(request, MAX_BODY_BYTES, need);
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const command = commandOf(id.value, body.value, callerOf(request));
  if (!command.ok) return sendProblem(request, response, command.problem);
  sendVerdict(request, response, command.value.kind, await coordinator.submit(within(request, command.value)), 'whole');
}

/** Who asks, as the history tells it. */
function callerOf(request: Request): string {
  return `unauthenticated at ${addressOf(request)}`;
}
