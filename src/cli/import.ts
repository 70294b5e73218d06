// Owns `holdfast import`: it streams a file to a running coordinator, which validates each row, and tells what became of them.
// Never straight to the database: the coordinator's rules are in one place.
import { fstatSync, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Readable } from 'node:stream';
import { ImportReport, understand } from './answers.ts';
import type { CoordinatorClient } from './coordinator-client.ts';
import { EXIT, Failure, type Outcome, reasonOf } from './failure.ts';
import { startProgress } from './progress.ts';
import { counted, grouped, type Paint, table, visible, visibleJson } from './text.ts';

export const FORMATS = ['csv', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

const MEDIA_TYPES: Readonly<Record<Format, string>> = { csv: 'text/csv', ndjson: 'application/x-ndjson' };
const EXTENSIONS: Readonly<Record<string, Format>> = { '.csv': 'csv', '.ndjson': 'ndjson', '.jsonl': 'ndjson' };
const STDIN_DESCRIPTOR = 0;
/** Enough to keep the connection busy; one read of the file for each. */
const CHUNK_BYTES = 256 * 1024;

export interface ImportOptions {
  readonly format?: Format;
  readonly json?: boolean;
}

interface Source {
  readonly stream: Readable;
  /** As a person would call it. */
  readonly name: string;
  /** Null where nobody knows before its end. */
  readonly sizeBytes: number | null;
}

/**
 * @param file its path, or `-` for stdin
 * @param stderr where the progress bar goes, if it is a terminal
 * @throws Failure
 */
export async function importFile(
  client: CoordinatorClient,
  file: string,
  options: ImportOptions,
  stderr: NodeJS.WriteStream,
  paint: Paint,
): Promise<Outcome> {
  const format = options.format ?? formatOf(file);
  const source = file === '-' ? stdinSource() : await fileSource(file);
  const { body, report } = await send(client, source, MEDIA_TYPES[format], stderr);
  return {
    text: options.json === true ? `${visibleJson(body)}\n` : summary(source.name, report, paint),
    exitCode: report.rejected > 0 ? EXIT.someRejected : EXIT.done,
  };
}

async function send(
  client: CoordinatorClient,
  source: Source,
  mediaType: string,
  stderr: NodeJS.WriteStream,
): Promise<{ body: unknown; report: ImportReport }> {
  const progress = startProgress(source.sizeBytes, stderr);
  let sentBytes = 0;
  try {
    const answer = client.post('/v1/stock/import', mediaType, source.stream);
    source.stream.on('data', (chunk: Buffer) => {
      sentBytes += chunk.length;
      progress.add(chunk.length);
    });
    const { body } = await answer;
    return { body, report: understand(ImportReport, body) };
  } catch (error) {
    if (sentBytes === 0 || !(error instanceof Failure) || error.exitCode !== EXIT.unreachable) throw error;
    throw new Failure(error.exitCode, `${error.message} Some rows may have landed; importing everything again is safe.`);
  } finally {
    progress.stop();
  }
}

/** @throws Failure where the name does not tell */
function formatOf(file: string): Format {
  const format = EXTENSIONS[extname(file).toLowerCase()];
  if (format !== undefined) return format;
  const why =
    file === '-' ? 'stdin does not tell its format' : `the name ${file} does not tell the format (.csv, .ndjson, .jsonl)`;
  throw new Failure(EXIT.usage, `${why}: add --format csv or --format ndjson.`);
}

/** @throws Failure where it cannot be opened; found out before anything is sent */
async function fileSource(file: string): Promise<Source> {
  try {
    const handle = await open(file);
    const facts = await handle.stat();
    if (facts.isDirectory()) throw Object.assign(new Error('it is a folder'), { code: 'EISDIR' });
    return { stream: handle.createReadStream({ highWaterMark: CHUNK_BYTES }), name: file, sizeBytes: sizeOf(facts) };
  } catch (error) {
    throw new Failure(EXIT.failed, `${file} cannot be read: ${reasonOf(error)}.`);
  }
}

function stdinSource(): Source {
  return { stream: process.stdin, name: 'stdin', sizeBytes: sizeOf(fstatSync(STDIN_DESCRIPTOR)) };
}

/** A pipe or a device says nothing of what is to come. */
function sizeOf(facts: Stats): number | null {
  return facts.isFile() ? facts.size : null;
}

/** For a person: the tally, and each bad row with its line. */
export function summary(name: string, report: ImportReport, paint: Paint): string {
  const { accepted, rejected, errors } = report;
  const rejectedText = `${grouped(rejected)} rejected`;
  const tally = `${visible(name)}: ${counted(accepted, 'row')} accepted, ${rejected > 0 ? paint('red', rejectedText) : rejectedText}.\n`;
  if (rejected === 0) return tally;
  const rows = errors.map(({ line, code, detail }) => [String(line), code, detail]);
  const columns = [{ title: 'LINE', align: 'right' as const }, { title: 'CODE' }, { title: 'DETAIL' }];
  const unnamed = rejected - errors.length;
  const rest = unnamed > 0 ? `  … and ${counted(unnamed, 'more rejected row')}, not named.\n` : '';
  return `${tally}\n${table(columns, rows, paint)}${rest}`;
}
