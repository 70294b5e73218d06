// Owns the reading of query strings: every fault is told, nothing is guessed.
import type { z } from 'zod';
import { shown } from '../shown.ts';
import { NoQuery } from './query-schemas.ts';
import { accepted, type Fault, invalid, type Refusal, type Result } from './result.ts';
import { validate } from './validate.ts';

/** Parameters that may be named more than once. */
const REPEATABLE = new Set(['sku']);

type Parameters = Record<string, string | string[]>;

/**
 * Reads and validates the query string of a request target.
 * @param schema a strict object: a parameter it does not know is a fault
 * @param repeats whether this route takes a repeatable parameter as a list
 */
export function readQuery<S extends z.ZodType>(schema: S, target: string, repeats = false): Result<z.output<S>> {
  const start = target.indexOf('?');
  const parameters = start < 0 ? accepted<Parameters>({}) : parseQuery(target.slice(start + 1), repeats);
  return parameters.ok ? validate(schema, parameters.value, 'query ') : parameters;
}

/** Refuses parameters on a route that takes none; costs the hot path one look at the target. */
export function refusalOfQuery(target: string): Refusal | null {
  if (!target.includes('?')) return null;
  const query = readQuery(NoQuery, target);
  return query.ok ? null : query;
}

function parseQuery(text: string, repeats: boolean): Result<Parameters> {
  // A null prototype: `__proto__` is a name like any other, and so unknown.
  const parameters: Parameters = Object.create(null) as Parameters;
  const faults: Fault[] = [];
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = decode(equals < 0 ? '' : pair.slice(equals + 1));
    if (name === null || value === null) {
      faults.push({ path: `query ${shown(name ?? '', 128)}`.trim(), message: 'is not valid percent-encoded UTF-8' });
    } else if (repeats && REPEATABLE.has(name)) {
      const list = parameters[name];
      if (Array.isArray(list)) list.push(value);
      else parameters[name] = [value];
    } else if (name in parameters) {
      faults.push({ path: `query ${shown(name, 128)}`, message: 'is named more than once' });
    } else {
      parameters[name] = value;
    }
  }
  return faults.length > 0 ? invalid(faults) : accepted(parameters);
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return null;
  }
}
