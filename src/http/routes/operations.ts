// Owns the routes for operators and readers: probes, the OpenAPI document, the docs page, the explanations of problems.
import type { Express, Request, Response } from 'express';
import { PROBLEMS, type ProblemCode, problem } from '../../errors.ts';
import type { AppContext } from '../context.ts';
import { openApiText } from '../openapi/document.ts';
import { DOCS_POLICY, docsPage } from '../pages/docs.ts';
import { PROBLEM_POLICY, problemListPage, problemPage } from '../pages/problems.ts';
import { readQuery, refusalOfQuery } from '../query.ts';
import { DEFAULT_HOTTEST, HottestQuery } from '../query-schemas.ts';
import { sendHtml, sendJson, sendProblem, sendText } from '../reply.ts';

const PROBE_HEADERS = ['Cache-Control', 'no-store'];

export function addOperationRoutes(app: Express, context: AppContext): void {
  app.get('/livez', (_request, response) => sendJson(response, 200, '{"status":"ok"}', PROBE_HEADERS));
  app.get('/readyz', (_request, response) => sendReadiness(context, response));
  app.get('/metrics', (request, response) => sendMetrics(context, request, response));
  app.get('/v1/operations/hottest', (request, response) => sendHottest(context, request, response));
  app.get('/openapi.json', (request, response) => sendOpenApi(request, response));
  app.get('/docs', (_request, response) => sendHtml(response, 200, docsPage(), DOCS_POLICY));
  app.get('/problems', (request, response) => sendProblemList(request, response));
  app.get('/problems/:code', (request, response) => sendProblemPage(request, response));
}

/** Redis down only makes releases later (I10), so it is degraded; without PostgreSQL nothing can be promised (I6). */
async function sendReadiness(context: AppContext, response: Response): Promise<void> {
  const { postgres, redis } = await context.readiness();
  const isReady = postgres === 'up' && !context.isDraining();
  const status = !isReady ? 'unavailable' : redis === 'down' ? 'degraded' : 'ok';
  sendJson(response, isReady ? 200 : 503, JSON.stringify({ status, postgres, redis }), PROBE_HEADERS);
}

async function sendMetrics({ metrics }: AppContext, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const { type, text } = await metrics();
  sendText(response, 200, text, type);
}

async function sendHottest({ hottest }: AppContext, request: Request, response: Response): Promise<void> {
  const query = readQuery(HottestQuery, request.url);
  if (!query.ok) return sendProblem(request, response, query.problem);
  sendJson(response, 200, JSON.stringify(await hottest(query.value.limit ?? DEFAULT_HOTTEST)), PROBE_HEADERS);
}

function sendOpenApi(request: Request, response: Response): void {
  const refusal = refusalOfQuery(request.url);
  if (refusal === null) sendJson(response, 200, openApiText());
  else sendProblem(request, response, refusal.problem);
}

function sendProblemList(request: Request, response: Response): void {
  const codes = Object.keys(PROBLEMS) as ProblemCode[];
  if (wantsHtml(request)) sendHtml(response, 200, problemListPage(codes), PROBLEM_POLICY);
  else sendJson(response, 200, JSON.stringify({ items: codes.map(describe) }), ['Vary', 'Accept']);
}

function sendProblemPage(request: Request, response: Response): void {
  const { code } = request.params;
  if (!isProblemCode(code)) {
    sendProblem(request, response, problem('not-found', 'There is no problem of that code; GET /problems lists them.'));
  } else if (wantsHtml(request)) sendHtml(response, 200, problemPage(code), PROBLEM_POLICY);
  else sendJson(response, 200, JSON.stringify(describe(code)), ['Vary', 'Accept']);
}

function isProblemCode(code: unknown): code is ProblemCode {
  return typeof code === 'string' && Object.hasOwn(PROBLEMS, code);
}

function describe(code: ProblemCode) {
  const { status, title, retryable, explanation } = PROBLEMS[code];
  return { type: `/problems/${code}`, code, status, title, retryable, explanation };
}

function wantsHtml(request: Request): boolean {
  return request.accepts(['html', 'json']) !== 'json';
}
