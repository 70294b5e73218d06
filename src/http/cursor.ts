// Owns the opaque texts that lead from one page of a list to the next.
import { hash } from 'node:crypto';
import type { Cursor } from '../coordinator/queries.ts';
import { accepted, invalidAt, type Result } from './result.ts';

const CHECK_DIGITS = 16;
const MOMENT = /^[0-9]{1,15}$/;
/** A bigint of PostgreSQL holds 18 digits whatever they are. */
const COUNTED = /^[0-9]{1,18}$/;
const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NAME = /^[A-Za-z0-9._:/-]{1,128}$/;

/** What the keys of each list are made of, part by part. Whoever forges a checksum still gets nothing but such a key past here. */
const KEY_SHAPES = {
  transactions: [MOMENT, ID],
  stock: [NAME],
  'stock-history': [MOMENT, ID, NAME],
  stuck: [/^[0-2]$/, MOMENT, ID],
  keys: [MOMENT, ID],
  audit: [COUNTED],
} as const satisfies Record<string, readonly RegExp[]>;

export type ListName = keyof typeof KEY_SHAPES;

/**
 * Seals the key of a page's last row. The checksum covers the list and its filter too, so that a cursor leads on in the list it
 * came from and nowhere else. It guards against mistakes, not against forgery: a cursor grants nothing that a filter would not.
 * @param list the list's name
 * @param filter everything that decides which rows stand in the list and in which order
 */
export function sealCursor(list: ListName, filter: unknown, key: Cursor): string {
  const text = JSON.stringify(key);
  return Buffer.from(checkOf(list, filter, text) + text).toString('base64url');
}

/**
 * Opens a cursor.
 * @returns the key, or a refusal where the text was made up, changed, or belongs to another list or filter
 */
export function openCursor(list: ListName, filter: unknown, sealed: string): Result<Cursor> {
  const refusal = invalidAt('query cursor', 'is not a nextCursor of this list with this filter');
  const bytes = Buffer.from(sealed, 'base64url');
  // Decoding is lenient; only the very text that was given out is taken back.
  if (bytes.toString('base64url') !== sealed) return refusal;
  const opened = bytes.toString();
  const text = opened.slice(CHECK_DIGITS);
  if (opened.slice(0, CHECK_DIGITS) !== checkOf(list, filter, text)) return refusal;
  const key = parseKey(list, text);
  return key === null ? refusal : accepted(key);
}

function checkOf(list: ListName, filter: unknown, keyText: string): string {
  return hash('sha256', JSON.stringify([list, filter, keyText])).slice(0, CHECK_DIGITS);
}

function parseKey(list: ListName, text: string): Cursor | null {
  const shape: readonly RegExp[] = KEY_SHAPES[list];
  try {
    const key: unknown = JSON.parse(text);
    const isKey = Array.isArray(key) && key.length === shape.length && key.every((part, index) => isPart(part, shape[index]));
    return isKey ? (key as string[]) : null;
  } catch {
    return null;
  }
}

function isPart(part: unknown, shape: RegExp | undefined): boolean {
  return typeof part === 'string' && shape?.test(part) === true;
}
