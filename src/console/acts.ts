// Owns what an operator may do in the console: retry now, cancel, resolve. Each is the same command as under /v1, with who acts and why,
// which stand in the transaction's history.
import { z } from 'zod';
import type { CancelCommand, ResolveCommand, RetryCommand } from '../coordinator/command.ts';
import type { TransactionId } from '../coordinator/model.ts';
import { askerOf } from '../http/asker.ts';
import { MAX_BODY_BYTES, readJson } from '../http/body.ts';
import { callerOf } from '../http/caller.ts';
import { cancelCommand } from '../http/commands.ts';
import {
  type AppContext,
  type Express,
  idOf,
  preferencesOf,
  type Request,
  type Response,
  sendBodyRefusal,
} from '../http/context.ts';
import { resolveCommand, retryCommand } from '../http/operator-commands.ts';
import { ResolveBody } from '../http/participant-schemas.ts';
import { patienceOf, submitWith } from '../http/patience.ts';
import { appliedHeaders } from '../http/preferences.ts';
import { refusalOfQuery } from '../http/query.ts';
import { sendProblem } from '../http/reply.ts';
import { accepted, invalidAt, type Result } from '../http/result.ts';
import { text } from '../http/schema-terms.ts';
import { validate } from '../http/validate.ts';
import { sendVerdict } from '../http/verdict.ts';
import type { ConsoleContext } from './context.ts';
import { refusalOfAct } from './guard.ts';

/** Who acts is who signed in; without authentication, who says so. */
const By = text(100).refine((by) => by.trim() !== '', { error: 'must say who acts' });
const Note = text(500).refine((note) => note.trim() !== '', { error: 'must say why' });

const RetryBody = z.strictObject({ by: By.optional(), note: Note.optional() });
const CancelBody = z.strictObject({ by: By.optional(), note: Note });
const ConsoleResolveBody = z.strictObject({ ...ResolveBody.shape, by: By.optional(), note: Note });

type Act = RetryCommand | CancelCommand | ResolveCommand;
/** @param signedIn the name of whoever signed in: then the body need not say it, and its word does not count */
type ActMaker = (id: TransactionId, body: unknown, signedIn: string | null) => Result<Act>;

export function retryAct(id: TransactionId, body: unknown, signedIn: string | null): Result<RetryCommand> {
  const parsed = validate(RetryBody, body);
  if (!parsed.ok) return parsed;
  const { note } = parsed.value;
  const by = nameIn(signedIn, parsed.value.by);
  if (!by.ok) return by;
  const command = retryCommand(id, undefined, by.value);
  return command.ok && note !== undefined ? accepted({ ...command.value, note }) : command;
}

export function cancelAct(id: TransactionId, body: unknown, signedIn: string | null): Result<CancelCommand> {
  const parsed = validate(CancelBody, body);
  if (!parsed.ok) return parsed;
  const { note } = parsed.value;
  const by = nameIn(signedIn, parsed.value.by);
  if (!by.ok) return by;
  const command = cancelCommand(id, { reason: note }, 'whole', null);
  return command.ok ? accepted({ ...command.value, by: by.value }) : command;
}

export function resolveAct(id: TransactionId, body: unknown, signedIn: string | null): Result<ResolveCommand> {
  const parsed = validate(ConsoleResolveBody, body);
  if (!parsed.ok) return parsed;
  const { by: named, ...said } = parsed.value;
  const by = nameIn(signedIn, named);
  return by.ok ? resolveCommand(id, said, by.value) : by;
}

function nameIn(signedIn: string | null, named: string | undefined): Result<string> {
  const name = signedIn ?? named;
  return name === undefined ? invalidAt('by', 'must say who acts') : accepted(name);
}

export function addActs(app: Express, context: ConsoleContext): void {
  const acts: Readonly<Record<string, ActMaker>> = { retry: retryAct, cancel: cancelAct, resolve: resolveAct };
  for (const [name, commandOf] of Object.entries(acts))
    app.post(`/console/api/transactions/:id/${name}`, (request, response) => act(context, commandOf, request, response));
}

async function act(
  context: Pick<AppContext, 'coordinator' | 'watch'>,
  commandOf: ActMaker,
  request: Request,
  response: Response,
): Promise<void> {
  const refusal = refusalOfAct(request.headers) ?? refusalOfQuery(request.url)?.problem ?? null;
  if (refusal !== null) return sendProblem(request, response, refusal);
  const id = idOf<TransactionId>(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const made = commandOf(id.value, body.value, callerOf(request)?.name ?? null);
  if (!made.ok) return sendProblem(request, response, made.problem);
  const command = { ...made.value, asker: askerOf(request) };
  const preferences = preferencesOf(request);
  const verdict =
    command.kind === 'cancel'
      ? await submitWith(context, command, patienceOf(preferences, response))
      : await context.coordinator.submit(command);
  sendVerdict(request, response, command.kind, verdict, 'whole', appliedHeaders('whole', preferences.waitS));
}
