// Owns the routes under /v1/participants: registration of the remote services that take part in transactions.
import type { Express, Request, Response } from 'express';
import { unknownParticipant } from '../../coordinator/decide/participant.ts';
import { newSecret } from '../../coordinator/secrets.ts';
import { askerOf } from '../asker.ts';
import { MAX_BODY_BYTES, readJson } from '../body.ts';
import { type AppContext, sendBodyRefusal } from '../context.ts';
import { putParticipantCommand } from '../operator-commands.ts';
import { refusalOfQuery } from '../query.ts';
import { renderPage, renderParticipant } from '../render.ts';
import { sendJson, sendNothing, sendProblem } from '../reply.ts';
import type { Result } from '../result.ts';
import { ParticipantName } from '../schema-terms.ts';
import { readsWithin, within } from '../tracer.ts';
import { validateOne } from '../validate.ts';

const NOT_KEPT = ['Cache-Control', 'no-store'];

export function addParticipantRoutes(app: Express, context: AppContext): void {
  app.get('/v1/participants', (request, response) => listParticipants(context, request, response));
  app.get('/v1/participants/:name', (request, response) => showParticipant(context, request, response));
  app.put('/v1/participants/:name', (request, response) => putParticipant(context, request, response));
  app.delete('/v1/participants/:name', (request, response) => removeParticipant(context, request, response));
}

/** All in one page: there are few. */
async function listParticipants({ queries }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const participants = await readsWithin(request, queries).participants(null);
  sendJson(
    response,
    200,
    renderPage(
      participants.map((one) => renderParticipant(one)),
      null,
    ),
    NOT_KEPT,
  );
}

async function showParticipant({ queries }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const name = nameOf(request);
  if (!name.ok) return sendProblem(request, response, name.problem);
  const [participant] = await readsWithin(request, queries).participants(name.value);
  if (participant === undefined) return sendProblem(request, response, unknownParticipant(name.value, 404));
  sendJson(response, 200, renderParticipant(participant), NOT_KEPT);
}

async function putParticipant(
  { coordinator, addressRefusedIn }: AppContext,
  request: Request,
  response: Response,
): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const name = nameOf(request);
  if (!name.ok) return sendProblem(request, response, name.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const command = putParticipantCommand(name.value, body.value, newSecret(), addressRefusedIn);
  if (!command.ok) return sendProblem(request, response, command.problem);
  const verdict = await coordinator.submit(within(request, { ...command.value, asker: askerOf(request) }));
  if (!verdict.ok) return sendProblem(request, response, verdict.problem);
  sendJson(response, 200, renderParticipant(verdict.participant, verdict.secret), NOT_KEPT);
}

async function removeParticipant({ coordinator }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const name = nameOf(request);
  if (!name.ok) return sendProblem(request, response, name.problem);
  const verdict = await coordinator.submit(
    within(request, { kind: 'remove-participant', name: name.value, asker: askerOf(request) }),
  );
  if (!verdict.ok) return sendProblem(request, response, verdict.problem);
  sendNothing(response, 204);
}

function nameOf(request: Request): Result<string> {
  return validateOne(ParticipantName, request.params.name, 'path name');
}
