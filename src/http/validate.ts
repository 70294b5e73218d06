// Owns the step from an untrusted value to a typed one: runs a schema and turns what it finds into faults.
import type { z } from 'zod';
import { shown } from '../shown.ts';
import { accepted, type Fault, invalid, invalidAt, MAX_FAULTS_NAMED, type Result } from './result.ts';
import { MAX_BRANCHES, MAX_ITEMS } from './schemas.ts';

/** A schema would collect a fault for each of a million elements before it says that the list is too long (I12). */
const LISTS = [
  ['items', MAX_ITEMS],
  ['branches', MAX_BRANCHES],
] as const;

/**
 * @param schema what is expected
 * @param value as parsed
 * @param where put before each path: '' for a body, 'query ' for parameters
 */
export function validate<S extends z.ZodType>(schema: S, value: unknown, where = ''): Result<z.output<S>> {
  const overlong = overlongList(value);
  if (overlong !== null) return invalid([overlong]);
  const parsed = schema.safeParse(value);
  if (parsed.success) return accepted(parsed.data);
  return invalid(faultsOf(parsed.error.issues, where));
}

/** Validates one path parameter or the like. */
export function validateOne<S extends z.ZodType>(schema: S, value: unknown, path: string): Result<z.output<S>> {
  const parsed = schema.safeParse(value);
  return parsed.success ? accepted(parsed.data) : invalidAt(path, parsed.error.issues[0]?.message ?? 'is not valid');
}

function overlongList(value: unknown): Fault | null {
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, most] of LISTS) {
    const list = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    if (Array.isArray(list) && list.length > most) return { path: name, message: `must have at most ${most} elements` };
  }
  return null;
}

function faultsOf(issues: readonly z.core.$ZodIssue[], where: string): Fault[] {
  const faults: Fault[] = [];
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys.slice(0, MAX_FAULTS_NAMED)) {
        faults.push({ path: where + pathText([...issue.path, shown(key, 128)]), message: 'is not known here' });
      }
    } else {
      faults.push({ path: where + pathText(issue.path), message: issue.message });
    }
    if (faults.length > MAX_FAULTS_NAMED) break;
  }
  return faults;
}

function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path)
    text += typeof step === 'number' ? `[${step}]` : text === '' ? shown(String(step), 128) : `.${shown(String(step), 128)}`;
  return text;
}
