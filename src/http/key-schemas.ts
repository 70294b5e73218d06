// Owns what administrators may send about API keys, and ask of the audit.
import { z } from 'zod';
import 'zod-openapi';
import { LATEST_END } from '../access/key.ts';
import { SCOPES } from '../access/principal.ts';
import { text, wholeNumber } from './schema-terms.ts';

export const DEFAULT_OVERLAP_MS = 86_400_000;
const MAX_OVERLAP_MS = 2_592_000_000;

const Name = text(100)
  .refine((name) => name.trim() !== '', { error: 'must say what it is for' })
  .meta({ minLength: 1, description: 'What it is for, for people.', example: 'order service' });
export const Scopes = z
  .array(z.enum(SCOPES, { error: `must be one of ${SCOPES.join(', ')}` }))
  .min(1, { error: 'must name at least one scope' })
  .max(SCOPES.length, { error: 'must name each scope once' })
  .refine((scopes) => new Set(scopes).size === scopes.length, { error: 'must name each scope once' })
  .meta({
    uniqueItems: true,
    description: 'What it may do; `admin` may do everything.',
    example: ['transactions:read', 'transactions:write'],
  });

export const CreateKeyBody = z
  .strictObject({
    name: Name,
    scopes: Scopes,
    expiresAt: z.iso
      .datetime({ offset: true, error: 'must be a date and time such as 2026-11-22T08:00:00.000Z' })
      // It may be early in the year 10000 elsewhere.
      .refine((until) => Date.parse(until) <= LATEST_END, { error: 'must be before the year 10000' })
      .nullable()
      .optional()
      .meta({ description: 'When it ends by itself; without it, never.', example: '2027-11-22T08:00:00.000Z' }),
  })
  .meta({ id: 'CreateKey', description: 'A new API key.' });

export const RotateKeyBody = z
  .strictObject({
    overlapMs: wholeNumber(0, MAX_OVERLAP_MS)
      .optional()
      .meta({ description: 'How long the old key stays good beside the new one.', default: DEFAULT_OVERLAP_MS }),
  })
  .meta({ id: 'RotateKey', description: 'How the old key gives way.' });
