// Owns POST /v1/stock/import: a stream of rows of any length, in bounded memory.
import { createHash, type Hash } from 'node:crypto';
import type { Express, Request, Response } from 'express';
import { newId } from '../../coordinator/identifiers.ts';
import { type Problem, problem } from '../../errors.ts';
import { shown } from '../../shown.ts';
import { askerOf } from '../asker.ts';
import type { AppContext } from '../context.ts';
import { isUtf8Charset, parseMediaType } from '../headers.ts';
import { csvReader, ndjsonReader, type RowReader } from '../import-rows.ts';
import { ImportRun, lineProblem } from '../import-run.ts';
import { type Line, LineSplitter } from '../lines.ts';
import { refusalOfQuery } from '../query.ts';
import { sendJson, sendProblem } from '../reply.ts';
import { accepted, type Result, refused } from '../result.ts';
import { beginLongUpload, endLongUpload } from '../uploads.ts';

interface Reader {
  readonly read: RowReader;
  /** False while even the header is missing: a fault then spoils the whole file. */
  readonly hasHeader: () => boolean;
}

/** What ends an import before its end: a problem to tell, or null where the caller has gone. */
type Ending = { readonly problem: Problem | null };

/** @param stallTimeoutMs how long a body may stand still before its caller is given up */
export function addImportRoute(app: Express, context: AppContext, stallTimeoutMs: number): void {
  app.post('/v1/stock/import', (request, response) => importStock(context, stallTimeoutMs, request, response));
}

async function importStock(context: AppContext, stallTimeoutMs: number, request: Request, response: Response): Promise<void> {
  const refusal = refusalOfQuery(request.url);
  if (refusal !== null) return sendProblem(request, response, refusal.problem);
  const reader = readerOf(request);
  if (!reader.ok) return sendProblem(request, response, reader.problem);
  const run = new ImportRun(context.coordinator, context.isDraining);
  // Two entries in the audit, however many the rows are: what a crash leaves in the middle has its first.
  const audited = { ...askerOf(request), subject: newId(), note: null };
  await context.access.audit.record({ ...audited, act: 'stock.import.begin', detail: {} });
  beginLongUpload(request.socket);
  const digest = createHash('sha256');
  try {
    const ending = await readRows(context, stallTimeoutMs, request, reader.value, run, digest);
    const { accepted: landed, rejected } = run;
    const detail = { sha256: digest.digest('hex'), accepted: landed, rejected, complete: ending === null };
    await context.access.audit.record({ ...audited, act: 'stock.import', detail });
    if (ending === null) sendJson(response, 200, run.report());
    else if (ending.problem !== null) sendProblem(request, response, ending.problem);
  } finally {
    endLongUpload(request.socket);
  }
}

/** @returns null at the end of the body */
async function readRows(
  context: AppContext,
  stallTimeoutMs: number,
  request: Request,
  reader: Reader,
  run: ImportRun,
  digest: Hash,
): Promise<Ending | null> {
  const splitter = new LineSplitter();
  const chunks: AsyncIterator<Buffer> = request.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  for (;;) {
    const next = await nextChunk(chunks, stallTimeoutMs);
    if (next === 'gone') return { problem: null };
    if (next === 'stalled')
      return { problem: { ...problem('invalid-request', 'The body stood still for too long.'), status: 408, retryable: true } };
    if (next !== 'end') digest.update(next);
    const ending = await takeLines(next === 'end' ? splitter.finish() : splitter.push(next), reader, run);
    if (ending !== null || context.isDraining()) await chunks.return?.();
    if (ending !== null) return ending;
    if (next === 'end') break;
    if (context.isDraining()) return { problem: stopped(run) };
  }
  await run.flush();
  return reader.hasHeader()
    ? null
    : { problem: problem('invalid-request', 'The file is empty; it needs at least its header line.') };
}

async function takeLines(lines: readonly Line[], reader: Reader, run: ImportRun): Promise<Ending | null> {
  for (const { number, text, fault } of lines) {
    if (fault === null && text.trim() === '') continue;
    const row = fault === null ? reader.read(text) : refused(lineProblem(fault));
    if (row.ok) {
      if (row.value !== null) await run.add(number, row.value);
    } else if (!reader.hasHeader()) return { problem: row.problem };
    else run.reject(number, row.problem);
  }
  return null;
}

async function nextChunk(chunks: AsyncIterator<Buffer>, stallTimeoutMs: number): Promise<Buffer | 'end' | 'stalled' | 'gone'> {
  let timer: NodeJS.Timeout | undefined;
  const stalled = new Promise<'stalled'>((resolve) => {
    timer = setTimeout(resolve, stallTimeoutMs, 'stalled');
  });
  const next = chunks.next().then(
    (result) => (result.done === true ? ('end' as const) : result.value),
    () => 'gone' as const,
  );
  const outcome = await Promise.race([next, stalled]);
  clearTimeout(timer);
  return outcome;
}

function readerOf(request: Request): Result<Reader> {
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'identity') {
    return refused(
      problem('unsupported-media-type', `Content-Encoding ${shown(encoding)} is not taken here; send the rows as they are.`),
    );
  }
  const { name, charset } = parseMediaType(request.headers['content-type'] ?? '');
  if (!isUtf8Charset(charset))
    return refused(problem('unsupported-media-type', `The charset ${shown(charset ?? '')} is not taken here; send UTF-8.`));
  if (name === 'text/csv') return accepted(csvReader());
  if (name === 'application/x-ndjson' || name === 'application/ndjson')
    return accepted({ read: ndjsonReader(), hasHeader: () => true });
  return refused(problem('unsupported-media-type', 'An import is text/csv or application/x-ndjson.'));
}

function stopped(run: ImportRun): Problem {
  const { accepted: landed, rejected } = run;
  return problem('overloaded', `The coordinator is shutting down; ${landed} rows landed. Sending the whole file again is safe.`, {
    accepted: landed,
    rejected,
  });
}
