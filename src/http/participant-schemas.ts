// Owns what administrators may send: the registration of a participant, and what they do about branches that are stuck.
import { z } from 'zod';
import 'zod-openapi';
import { urlFault } from './participant-url.ts';
import { Id, text, wholeNumber } from './schema-terms.ts';

/** Contract, section 6. */
export const PARTICIPANT_DEFAULTS = {
  timeoutMs: 3_000,
  maxConcurrency: 64,
  retry: { initialMs: 1_000, maxMs: 60_000, attentionAfter: 10 },
} as const;
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const SECRET_RULE = `must be whsec_ and the base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes`;

const Url = z
  .string()
  .refine((url) => urlFault(url) === null, { error: (issue) => urlFault(String(issue.input)) ?? 'must be a URL' })
  .meta({
    format: 'uri',
    maxLength: 2_048,
    pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[^?#]+$',
    description:
      'Of http or https; `/try`, `/confirm` and `/cancel` are put behind it. Without user, query and fragment. An address that is not public must be let in by HOLDFAST_PARTICIPANT_ALLOW; a name is looked at with every connection.',
    example: 'https://payment.example/holdfast',
  });
const Secret = z
  .string()
  .refine(isSecret, { error: SECRET_RULE })
  .meta({
    pattern: '^whsec_[A-Za-z0-9+/]+={0,2}$',
    description: `What calls are signed with (Standard Webhooks): \`whsec_\` and the base64 of ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes. One that is given is in no answer; a PUT without one keeps the one there is, or makes one.`,
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  });

const Retry = z
  .strictObject({
    initialMs: wholeNumber(10, 3_600_000).optional().meta({
      description: 'Before the first repeat; it doubles from there. After 202 and 425 it is always this.',
      default: 1_000,
    }),
    maxMs: wholeNumber(10, 86_400_000)
      .optional()
      .meta({ description: 'The longest wait between two attempts; at least `initialMs`.', default: 60_000 }),
    attentionAfter: wholeNumber(1, 1_000_000)
      .optional()
      .meta({ description: 'From this many attempts of a confirm or cancel on, its transaction needs attention.', default: 10 }),
  })
  .refine(({ initialMs, maxMs }) => initialMs === undefined || initialMs <= (maxMs ?? PARTICIPANT_DEFAULTS.retry.maxMs), {
    path: ['maxMs'],
    error: 'must be at least initialMs; without it, it is 60000',
  })
  .meta({ id: 'RetryPolicy', description: 'How a participant that failed is asked again, ±25 %.' });

export const PutParticipantBody = z
  .strictObject({
    url: Url,
    timeoutMs: wholeNumber(50, 60_000)
      .optional()
      .meta({ description: 'For a whole call, from connecting to the last byte of the answer.', default: 3_000 }),
    maxConcurrency: wholeNumber(1, 1_000)
      .optional()
      .meta({ description: 'How many calls to it each coordinator has under way at most.', default: 64 }),
    retry: Retry.optional(),
    secret: Secret.optional(),
  })
  .meta({ id: 'PutParticipant', description: 'The whole registration: what is left out gets its default, the secret excepted.' });

export const RetryBody = z.strictObject({}).meta({ id: 'Retry', description: 'Nothing needs to be said.' });
export const ResolveBody = z
  .strictObject({
    branchId: Id.meta({ description: 'The branch, as `branches` names it.' }),
    as: z
      .enum(['CONFIRMED', 'CANCELLED'], { error: 'must be CONFIRMED or CANCELLED' })
      .meta({ description: 'What the branch was found, or made, to be.' }),
    note: text(500).min(1, { error: 'must say why' }).meta({
      description: 'Why, for those who read the history: 1 to 500 characters.',
      example: 'refunded by hand, ticket 4711',
    }),
  })
  .meta({ id: 'Resolve', description: 'An operator’s word for how a branch ended.' });

/** Only the one way to write the bytes in base64 counts, so that no two readers take it for different ones. */
function isSecret(secret: string): boolean {
  if (!secret.startsWith('whsec_')) return false;
  const base64 = secret.slice('whsec_'.length);
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES && bytes.toString('base64') === base64;
}
