// Owns the terms that the schemas of requests are made of: names, ids, free text, whole numbers.
import { z } from 'zod';
import 'zod-openapi';
import { textFault } from './storable.ts';

export const DEFAULT_TIMEOUT_MS = 900_000;

/** No `.` and no `..`: a path could not name them. */
const NAME = /^(?!\.{1,2}$)[A-Za-z0-9._:/-]{1,128}$/;
const UUID = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/;
const NAME_RULE = 'must be 1 to 128 characters of A-Z a-z 0-9 . _ : / -, and not . or ..';

/** A whole number within bounds, both included. */
export function wholeNumber(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}, written as a JSON number`;
  return z.int({ error: rule }).min(min, { error: rule }).max(max, { error: rule });
}

/** Free text that PostgreSQL can store. A character is a code point, as in PostgreSQL and in JSON Schema's maxLength. */
export function text(maxCharacters: number) {
  const faultOf = (value: string) => {
    const fits = value.length <= maxCharacters || (value.length <= 2 * maxCharacters && [...value].length <= maxCharacters);
    return fits ? textFault(value) : `must be at most ${maxCharacters} characters`;
  };
  return z
    .string({ error: 'must be text' })
    .refine((value) => faultOf(value) === null, { error: (issue) => faultOf(String(issue.input)) ?? 'cannot be stored' })
    .meta({ maxLength: maxCharacters });
}

export const Sku = z
  .string()
  .regex(NAME, { error: NAME_RULE })
  .meta({ description: 'The stock-keeping unit.', example: 'SKU-1' });
export const Warehouse = z.string().regex(NAME, { error: NAME_RULE }).meta({ description: 'The warehouse.', example: 'default' });
export const Id = z
  .string()
  .regex(UUID, { error: 'must be a UUID' })
  .meta({ description: 'A UUID of any version; case does not count.', example: '0193b0a4-7c1e-7d00-8000-000000000001' });
export const TimeoutMs = wholeNumber(100, 86_400_000).meta({
  description: `How long the stock is held, in milliseconds. Without it ${DEFAULT_TIMEOUT_MS}.`,
  example: DEFAULT_TIMEOUT_MS,
});
export const Reason = text(500).meta({ description: 'Free text for people, up to 500 characters.' });
export const Reference = text(128).meta({
  description: 'The caller’s own name for it, such as an order number.',
  example: 'order-1001',
});
/** A participant's; it stands in a path, as a SKU does. */
export const ParticipantName = z.string().regex(NAME, { error: NAME_RULE }).meta({ example: 'payment' });
