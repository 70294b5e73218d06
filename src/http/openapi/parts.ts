// Owns the parts that many operations of the OpenAPI document share: headers, parameters, problem answers.
import { z } from 'zod';
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { PROBLEMS, type ProblemCode } from '../../errors.ts';
import { Id, ParticipantName, Sku } from '../schema-terms.ts';
import { Problem } from './answers.ts';

export const IdPath = z.object({ id: Id });
export const NamePath = z.object({
  name: ParticipantName.meta({ description: 'The name of the participant; a `/` in it is percent-encoded.' }),
});
export const SkuPath = z.object({ sku: Sku.meta({ description: 'The SKU; a `/` in it is percent-encoded.' }) });

const traceparent = z.string().optional().meta({
  description: 'W3C Trace Context; its trace id is the `traceId` of a problem, and participants are called within it.',
  example: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
});
const prefer = z.string().optional().meta({
  description:
    'RFC 7240. `return=minimal` answers with `{id, state}` alone. `wait=SECONDS` says how long to wait for branches before a 202: 1 where nothing is said, at most 30; 0 is answered at once. Without branches there is nothing to wait for.',
  example: 'return=minimal, wait=5',
});
const idempotencyKey = z.string().min(1).max(255).optional().meta({
  description: 'Stands in for a missing `id` in the body: a UUID is taken as it is, other text is hashed into one.',
  example: 'order-1001-attempt-1',
});

export const PlainHeaders = z.object({ traceparent });
const preferWait = z.string().optional().meta({
  description:
    'RFC 7240. `wait=SECONDS`, at most 30: answers once the transaction is TRIED, CONFIRMED or CANCELLED, or the time is up. Without it, at once.',
  example: 'wait=5',
});
export const WaitHeaders = z.object({ Prefer: preferWait, traceparent });
export const PreferHeaders = z.object({ Prefer: prefer, traceparent });
export const KeyHeaders = z.object({ 'Idempotency-Key': idempotencyKey, traceparent });
export const TryHeaders = z.object({ 'Idempotency-Key': idempotencyKey, Prefer: prefer, traceparent });
export const IfMatchHeaders = z.object({
  'If-Match': z
    .string()
    .optional()
    .meta({ description: 'The ETag that was read, or `*`: the SKU must exist.', example: '"1-7"' }),
  traceparent,
});
export const IfNoneMatchHeaders = z.object({
  'If-None-Match': z.string().optional().meta({ description: 'Answered 304 where this is still the ETag.' }),
  traceparent,
});

export const replayed = z
  .literal('true')
  .optional()
  .meta({ description: 'Stands where an earlier request with this id is answered again.' });
export const preferenceApplied = z
  .string()
  .optional()
  .meta({ description: 'The preferences that were followed.', example: 'return=minimal, wait=5' });
export const etag = z.string().meta({ description: 'A strong tag; it changes with every change to the SKU.', example: '"1-7"' });

/** One answer in JSON. */
export function answer(
  description: string,
  schema: z.ZodType,
  headers?: z.ZodObject,
  example?: unknown,
): ZodOpenApiResponseObject {
  const content = { 'application/json': example === undefined ? { schema } : { schema, example } };
  return headers === undefined ? { description, content } : { description, headers, content };
}

/** What any call may be answered with, whatever it does. */
const COMMON: readonly ProblemCode[] = [
  'invalid-request',
  'unauthenticated',
  'forbidden',
  'not-acceptable',
  'rate-limited',
  'internal-error',
  'overloaded',
  'database-unavailable',
];
const WITH_BODY: readonly ProblemCode[] = ['malformed-json', 'body-too-large', 'unsupported-media-type'];

/**
 * The problem answers of an operation, one entry for each status with its codes named.
 * @param takesBody adds what a body can be refused for
 * @param codes besides the common ones; `[code, status]` where the status is not the catalogue's
 */
export function problems(
  takesBody: boolean,
  codes: readonly (ProblemCode | readonly [ProblemCode, number])[],
): ZodOpenApiResponsesObject {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const entry of [...COMMON, ...(takesBody ? WITH_BODY : []), ...codes]) {
    const [code, status] = typeof entry === 'string' ? [entry, PROBLEMS[entry].status] : entry;
    const list = byStatus.get(status) ?? [];
    if (!list.includes(code)) byStatus.set(status, [...list, code]);
  }
  // A body that never arrives, and headers beyond all measure, are refused before any route sees them.
  if (takesBody) byStatus.set(408, ['invalid-request']);
  byStatus.set(431, ['invalid-request']);
  const responses: ZodOpenApiResponsesObject = {};
  for (const [status, list] of [...byStatus].sort(([left], [right]) => left - right)) {
    responses[`${status}` as `4${string}`] = problemAnswer(status, list);
  }
  return responses;
}

function problemAnswer(status: number, codes: readonly ProblemCode[]): ZodOpenApiResponseObject {
  const [first = 'internal-error'] = codes;
  const { title, explanation } = PROBLEMS[first];
  const retryable: boolean = PROBLEMS[first].retryable;
  const example = {
    type: `/problems/${first}`,
    title,
    status,
    detail: explanation,
    code: first,
    retryable,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  };
  const description = codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('; ');
  const content = { 'application/problem+json': { schema: Problem, example } };
  if (status !== 503 && status !== 429) return { description, content };
  return {
    description,
    content,
    headers: z.object({ 'Retry-After': z.string().meta({ description: 'Seconds.', example: '1' }) }),
  };
}
