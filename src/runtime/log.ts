// Owns how lines of the log are made: JSON, one line each, whatever stands in them, and of bounded length.
import { type DestinationStream, pino } from 'pino';
import { harmlessJson } from '../shown.ts';
import { errorFields } from './log-errors.ts';

/** Of one text of an error. PostgreSQL repeats what it was given, and that may be a megabyte. */
const MOST_CHARACTERS = 4_000;
/** An error within an error within an error. */
const DEEPEST = 4;

export function createLog(level: string, destination?: DestinationStream) {
  const options = {
    level,
    base: { pid: process.pid },
    serializers: { err: fieldsOf, fault: fieldsOf },
    hooks: { streamWrite: harmlessJson },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

function fieldsOf(error: unknown): unknown {
  return bounded(errorFields(error), DEEPEST);
}

function bounded(value: unknown, depth: number): unknown {
  if (typeof value === 'string')
    return value.length > MOST_CHARACTERS ? `${value.slice(0, MOST_CHARACTERS)}… (${value.length} characters)` : value;
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.slice(0, 20).map((one) => bounded(one, depth - 1));
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, bounded(one, depth - 1)]));
}
