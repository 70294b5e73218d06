// Owns the two files of a run: writing history.ndjson and database.ndjson line by line, and reading them into one piece of evidence.
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type {
  CallRecord,
  DatabaseRecord,
  ExitRecord,
  FaultRecord,
  HistoryRecord,
  LivenessRecord,
  OperationRecord,
  PeriodRecord,
  RunRecord,
  SampleRecord,
} from '../record.ts';

export const HISTORY_FILE = 'history.ndjson';
export const DATABASE_FILE = 'database.ndjson';

type Table<Name extends DatabaseRecord['table']> = Extract<DatabaseRecord, { readonly table: Name }>;
export type StockRow = Table<'stock'>;
export type TransactionRow = Table<'transaction'>;
export type MovementRow = Table<'movement'>;
export type AttemptRow = Table<'attempt'>;

/** All that is known of a run. Operations stand in the order of their ends, the rest as it was written. */
export interface Evidence {
  readonly run: RunRecord;
  readonly operations: readonly OperationRecord[];
  readonly calls: readonly CallRecord[];
  readonly samples: readonly SampleRecord[];
  readonly faults: readonly FaultRecord[];
  readonly periods: readonly PeriodRecord[];
  readonly exits: readonly ExitRecord[];
  /** Null where the run ended before it could be looked at. */
  readonly liveness: LivenessRecord | null;
  readonly stock: readonly StockRow[];
  readonly transactions: ReadonlyMap<string, TransactionRow>;
  readonly movements: readonly MovementRow[];
  readonly attempts: readonly AttemptRow[];
}

export interface Writer<T> {
  write(record: T): void;
  /** Resolves when everything is in the file. */
  close(): Promise<void>;
}

/** @param file is made anew */
export function writerTo<T>(file: string): Writer<T> {
  const stream = createWriteStream(file);
  let failure: Error | null = null;
  stream.on('error', (error) => {
    failure = error;
  });
  return {
    write: (record) => void stream.write(`${JSON.stringify(record)}\n`),
    close: () =>
      new Promise((resolve, reject) => {
        if (failure !== null) return reject(failure);
        stream.once('error', reject);
        stream.end(resolve);
      }),
  };
}

/**
 * @param folder of the run
 * @throws Error where a file is missing, is not what a run wrote, or has no record of the run itself
 */
export async function readEvidence(folder: string): Promise<Evidence> {
  const history = Map.groupBy(await readLines<HistoryRecord>(join(folder, HISTORY_FILE)), ({ type }) => type);
  const database = Map.groupBy(await readLines<DatabaseRecord>(join(folder, DATABASE_FILE)), ({ table }) => table);
  const of = <Type extends HistoryRecord['type']>(type: Type) =>
    (history.get(type) ?? []) as Extract<HistoryRecord, { readonly type: Type }>[];
  const rows = <Name extends DatabaseRecord['table']>(name: Name) => (database.get(name) ?? []) as Table<Name>[];
  const [run] = of('run');
  if (run === undefined) throw new Error(`${join(folder, HISTORY_FILE)} holds no record of its run`);
  return {
    run,
    operations: of('operation'),
    calls: of('call'),
    samples: of('sample'),
    faults: of('fault'),
    periods: of('period'),
    exits: of('exit'),
    liveness: of('liveness')[0] ?? null,
    stock: rows('stock'),
    transactions: new Map(rows('transaction').map((row) => [row.id, row])),
    movements: rows('movement'),
    attempts: rows('attempt'),
  };
}

async function readLines<T>(file: string): Promise<T[]> {
  const records: T[] = [];
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    line += 1;
    if (text === '') continue;
    try {
      records.push(JSON.parse(text) as T);
    } catch {
      throw new Error(`${file}, line ${line}, is no JSON`);
    }
  }
  return records;
}
