// Owns what one line of an import means: CSV or NDJSON into a count of stock. Lines are read one by one, which is sound since no
// value of a row may hold a line break, and which keeps one bad line (an open quote, say) from swallowing those after it.
import { parse as parseCsv } from 'csv-parse/sync';
import type { CountStockCommand } from '../coordinator/command.ts';
import { type Problem, problem } from '../errors.ts';
import { countOf } from './commands.ts';
import { accepted, invalidAt, type Result, refused } from './result.ts';
import { ImportRow } from './schemas.ts';
import { validate } from './validate.ts';

/** Reads one line that is not blank. Null: the line is no row (the header). */
export type RowReader = (text: string) => Result<CountStockCommand | null>;

const COLUMNS = new Set(['sku', 'warehouse', 'available', 'onHand', 'reason']);

/** @returns a reader of lines of JSON, one object each */
export function ndjsonReader(): RowReader {
  return (text) => {
    let row: unknown;
    try {
      row = JSON.parse(text);
    } catch {
      return refused(problem('malformed-json', 'The line is not JSON.'));
    }
    return commandOf(row);
  };
}

/** @returns a reader whose first line is the header; until `hasHeader`, a fault makes the whole file senseless, not one line */
export function csvReader(): { readonly read: RowReader; readonly hasHeader: () => boolean } {
  let header: readonly string[] | null = null;
  const read: RowReader = (text) => {
    const cells = cellsOf(text);
    if (!cells.ok) return cells;
    if (header === null) {
      const fault = headerFault(cells.value);
      if (fault !== null) return refused(fault);
      header = cells.value;
      return accepted(null);
    }
    if (cells.value.length !== header.length) {
      return invalidAt('line', `has ${cells.value.length} fields where the header has ${header.length}`);
    }
    return commandOf(rowOf(header, cells.value));
  };
  return { read, hasHeader: () => header !== null };
}

function cellsOf(text: string): Result<readonly string[]> {
  if (!text.includes('"')) return accepted(text.split(',').map((cell) => cell.trim()));
  try {
    const [record = []] = parseCsv(text, { relax_column_count: true, trim: true }) as string[][];
    return accepted(record);
  } catch {
    return invalidAt('line', 'is not CSV (RFC 4180): a quote stands alone or is not closed');
  }
}

function headerFault(names: readonly string[]): Problem | null {
  const isKnown = names.every((name) => COLUMNS.has(name)) && new Set(names).size === names.length;
  const isWhole = names.includes('sku') && names.includes('available') !== names.includes('onHand');
  if (isKnown && isWhole) return null;
  return invalidAt(
    'header line',
    'must be sku,warehouse,available or sku,warehouse,onHand (any order; a column reason may be added)',
  ).problem;
}

function rowOf(header: readonly string[], cells: readonly string[]): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  header.forEach((name, index) => {
    const cell = cells[index] ?? '';
    const isNumber = name === 'available' || name === 'onHand';
    // Digits alone: Number() would take "", " 5 ", "0x10" and "1e3" as well.
    if (isNumber) row[name] = /^[0-9]{1,16}$/.test(cell) ? Number(cell) : cell;
    else if (cell !== '') row[name] = cell;
  });
  return row;
}

function commandOf(row: unknown): Result<CountStockCommand> {
  const parsed = validate(ImportRow, row);
  return parsed.ok ? accepted(countOf(parsed.value.sku, parsed.value, null)) : parsed;
}
