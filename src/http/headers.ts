// Owns the reading of request headers: which versions callers name, which trace they belong to, what form their body has. Pure.
import { randomBytes } from 'node:crypto';
import { accepted, invalidAt, type Result } from './result.ts';

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const TRACEPARENT_CHARACTERS = 55;
/** `sampled` and `random`; a flag that is not known is not passed on (W3C Trace Context, 4.3). */
const KNOWN_FLAGS = 0x03;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
/** RFC 9110, 8.8.3. */
const ENTITY_TAGS = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"(?:\s*,\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*")*\s*$/;
const ENTITY_TAG = /(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g;
const MAX_KEY_CHARACTERS = 255;

/**
 * The trace a request belongs to (W3C Trace Context), or a new one where it names none or a malformed one.
 * @returns 32 lower-case hex digits
 */
export function traceIdOf(traceparent: string | undefined): string {
  return parentOf(traceparent)?.traceId ?? randomBytes(16).toString('hex');
}

/**
 * What a caller's participants are told of the trace it is in.
 * @returns the caller's traceparent as one of version 00; null where it gave none or a malformed one
 */
export function readTraceparent(traceparent: string | undefined): string | null {
  const parent = parentOf(traceparent);
  if (parent === null) return null;
  const flags = (Number.parseInt(parent.flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0');
  return `00-${parent.traceId}-${parent.spanId}-${flags}`;
}

function parentOf(traceparent: string | undefined): { traceId: string; spanId: string; flags: string } | null {
  if (traceparent === undefined) return null;
  const [text, version, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (text === undefined || traceId === undefined || spanId === undefined || flags === undefined) return null;
  const isValid = version !== 'ff' && traceId !== NO_TRACE && spanId !== NO_SPAN;
  // Only a later version may say more.
  const isWhole = version !== '00' || text.length === TRACEPARENT_CHARACTERS;
  return isValid && isWhole ? { traceId, spanId, flags } : null;
}

/**
 * The Idempotency-Key of a request.
 * @returns null where there is none
 */
export function readIdempotencyKey(key: string | undefined): Result<string | null> {
  if (key === undefined) return accepted(null);
  if (key.length === 0) return invalidAt('header Idempotency-Key', 'must not be empty');
  if (key.length > MAX_KEY_CHARACTERS)
    return invalidAt('header Idempotency-Key', `must be at most ${MAX_KEY_CHARACTERS} characters`);
  return accepted(key);
}

/**
 * The versions If-Match accepts. Weak tags never match (RFC 9110, 13.1.1), so they are left out; a header of weak tags alone
 * leaves an empty list, which matches nothing.
 * @returns strong tags with their quotes; 'any' for `*`; null without the header
 */
export function readIfMatch(header: string | undefined): Result<readonly string[] | 'any' | null> {
  if (header === undefined) return accepted(null);
  if (header.trim() === '*') return accepted('any');
  if (!ENTITY_TAGS.test(header)) return invalidAt('header If-Match', 'must be * or a list of entity tags in double quotes');
  return accepted((header.match(ENTITY_TAG) ?? []).filter((tag) => !tag.startsWith('W/')));
}

/** Whether If-None-Match names the tag, by weak comparison (RFC 9110, 13.1.2). A malformed header names nothing. */
export function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  return (ifNoneMatch.match(ENTITY_TAG) ?? []).some((tag) => tag === etag || tag === `W/${etag}`);
}

export interface MediaType {
  /** In lower case, without parameters. */
  readonly name: string;
  /** In lower case; null where not given. */
  readonly charset: string | null;
}

/** Takes a Content-Type apart. */
export function parseMediaType(contentType: string): MediaType {
  const [name = '', ...parameters] = contentType.split(';');
  let charset: string | null = null;
  for (const parameter of parameters) {
    const [key = '', value = ''] = parameter.split('=', 2);
    if (key.trim().toLowerCase() === 'charset')
      charset = value
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase();
  }
  return { name: name.trim().toLowerCase(), charset };
}

/** Whether a charset is UTF-8 or says nothing against it (ASCII is a part of it). */
export function isUtf8Charset(charset: string | null): boolean {
  return charset === null || charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii';
}
