// Owns GET /v1/audit: what was done by those who run the service, newest first.
import type { Express, Request, Response } from 'express';
import type { EntryFilter, ListedEntry } from '../../access/store.ts';
import type { AppContext } from '../context.ts';
import { openCursor, sealCursor } from '../cursor.ts';
import { readQuery } from '../query.ts';
import { AuditQuery, DEFAULT_LIMIT } from '../query-schemas.ts';
import { renderPage } from '../render.ts';
import { sendJson, sendProblem } from '../reply.ts';
import { accepted } from '../result.ts';

export function addAuditRoute(app: Express, context: AppContext): void {
  app.get('/v1/audit', (request, response) => listActs(context, request, response));
}

async function listActs({ access }: AppContext, request: Request, response: Response): Promise<void> {
  const query = readQuery(AuditQuery, request.url);
  if (!query.ok) return sendProblem(request, response, query.problem);
  const { limit = DEFAULT_LIMIT, cursor, act = null, subject = null } = query.value;
  const filter: EntryFilter = { act, subject };
  const after = cursor === undefined ? accepted(null) : openCursor('audit', filter, cursor);
  if (!after.ok) return sendProblem(request, response, after.problem);
  const entries = await access.audit.list(filter, limit + 1, after.value?.[0] ?? null);
  const page = entries.slice(0, limit);
  const last = entries.length > limit ? page.at(-1) : undefined;
  const next = last === undefined ? null : sealCursor('audit', filter, [last.id]);
  sendJson(response, 200, renderPage(page.map(renderEntry), next), ['Cache-Control', 'no-store']);
}

function renderEntry({ id, at, act, subject, actor, address, note, detail, link }: ListedEntry): string {
  const who = { id, at: new Date(at).toISOString(), act, subject, actor, address, note };
  // The detail is JSON already.
  return `${JSON.stringify(who).slice(0, -1)},"detail":${detail},"link":${link}}`;
}
