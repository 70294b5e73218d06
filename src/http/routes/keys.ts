// Owns the routes under /v1/keys. A change takes effect in this process with its answer, in the others within a second.
import type { Express, Request, Response } from 'express';
import { makeKey } from '../../access/key.ts';
import { shownKey } from '../../access/shown.ts';
import type { KeyRefusal } from '../../access/store.ts';
import { newId } from '../../coordinator/identifiers.ts';
import { type Problem, problem } from '../../errors.ts';
import { askerOf } from '../asker.ts';
import { MAX_BODY_BYTES, readJson } from '../body.ts';
import { type AppContext, idOf, sendBodyRefusal } from '../context.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { CreateKeyBody, DEFAULT_OVERLAP_MS, RotateKeyBody } from '../key-schemas.ts';
import { readQuery, refusalOfQuery } from '../query.ts';
import { DEFAULT_LIMIT, PageQuery } from '../query-schemas.ts';
import { renderPage } from '../render.ts';
import { sendJson, sendNothing, sendProblem } from '../reply.ts';
import { accepted } from '../result.ts';
import { validate } from '../validate.ts';

const NOT_KEPT = ['Cache-Control', 'no-store'];

export function addKeyRoutes(app: Express, context: AppContext): void {
  app.get('/v1/keys', (request, response) => listKeys(context, request, response));
  app.post('/v1/keys', (request, response) => createKey(context, request, response));
  app.post('/v1/keys/:id/rotate', (request, response) => rotateKey(context, request, response));
  app.delete('/v1/keys/:id', (request, response) => revokeKey(context, request, response));
}

async function listKeys({ access }: AppContext, request: Request, response: Response): Promise<void> {
  const query = readQuery(PageQuery, request.url);
  if (!query.ok) return sendProblem(request, response, query.problem);
  const { limit = DEFAULT_LIMIT, cursor } = query.value;
  const after = cursor === undefined ? accepted(null) : openCursor('keys', null, cursor);
  if (!after.ok) return sendProblem(request, response, after.problem);
  const [at, id] = after.value ?? [];
  const keys = await access.keys.list(limit + 1, at === undefined || id === undefined ? null : { createdAt: Number(at), id });
  const page = keys.slice(0, limit);
  const last = keys.length > limit ? page.at(-1) : undefined;
  const next = last === undefined ? null : sealCursor('keys', null, [String(last.createdAt), last.id]);
  sendJson(
    response,
    200,
    renderPage(
      page.map((key) => JSON.stringify(shownKey(key))),
      next,
    ),
    NOT_KEPT,
  );
}

async function createKey({ access }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'required');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const parsed = validate(CreateKeyBody, body.value);
  if (!parsed.ok) return sendProblem(request, response, parsed.problem);
  const { name, scopes, expiresAt: until = null } = parsed.value;
  const { id, hash, text } = makeKey(newId());
  const expiresAt = until === null ? null : Date.parse(until);
  const detail = { name, scopes, expiresAt: until };
  const act = { ...askerOf(request), act: 'key.create', subject: id, note: null, detail } as const;
  const key = await access.keys.create({ id, name, scopes, expiresAt, hash }, act);
  if (typeof key === 'string') return sendProblem(request, response, problemOf(key, id, 'body expiresAt'));
  await takenIn(access);
  sendJson(response, 201, JSON.stringify({ ...shownKey(key), key: text }), NOT_KEPT);
}

async function rotateKey({ access }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const body = await readJson(request, MAX_BODY_BYTES, 'optional');
  if (!body.ok) return sendBodyRefusal(request, response, body);
  const parsed = validate(RotateKeyBody, body.value ?? {});
  if (!parsed.ok) return sendProblem(request, response, parsed.problem);
  const { overlapMs = DEFAULT_OVERLAP_MS } = parsed.value;
  const replacement = makeKey(newId());
  const detail = { replacedBy: replacement.id, overlapMs };
  const act = { ...askerOf(request), act: 'key.rotate', subject: id.value, note: null, detail } as const;
  const key = await access.keys.rotate(id.value, replacement, overlapMs, act);
  if (typeof key === 'string') return sendProblem(request, response, problemOf(key, id.value, 'path id'));
  await takenIn(access);
  sendJson(response, 201, JSON.stringify({ ...shownKey(key), key: replacement.text }), NOT_KEPT);
}

async function revokeKey({ access }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const id = idOf(request);
  if (!id.ok) return sendProblem(request, response, id.problem);
  const act = { ...askerOf(request), act: 'key.revoke', subject: id.value, note: null, detail: {} } as const;
  const key = await access.keys.revoke(id.value, act);
  if (typeof key === 'string') return sendProblem(request, response, problemOf(key, id.value, 'path id'));
  await access.keysChanged();
  sendNothing(response, 204);
}

/** A key that is kept is shown now or never; where PostgreSQL went away since, the next look takes it in. */
function takenIn({ keysChanged }: AppContext['access']): Promise<void> {
  return keysChanged().catch(() => undefined);
}

function problemOf(refusal: KeyRefusal, id: string, place: string): Problem {
  switch (refusal) {
    case 'unknown':
      return problem('not-found', `There is no key ${id}.`);
    case 'too-many':
      return problem('invalid-request', 'There are as many usable keys as may be; revoke some first.', {
        errors: [{ path: place, message: 'there are too many usable keys' }],
      });
    case 'not-usable':
      return place === 'path id'
        ? problem('invalid-transition', `Key ${id} was revoked or has expired; make a new one.`, { state: 'REVOKED' })
        : problem('invalid-request', `${place}: must be in the future`, {
            errors: [{ path: place, message: 'must be in the future' }],
          });
    case 'replaced':
      return problem('invalid-transition', `Key ${id} was replaced by another already; rotate that.`, { state: 'REPLACED' });
    case 'other-secret':
      return problem('invalid-request', `Another key has the id ${id}.`, { errors: [{ path: place, message: 'is taken' }] });
  }
}
